"""The body of an answer, read no further than is sensible, however well it was packed."""

import zlib

import httpx

from workers.teachers.endpoint.fault import Fault

MOST = 4 << 20  # bytes of an unpacked answer
GZIP = zlib.MAX_WBITS | 16


async def body_of(response: httpx.Response, *, most: int = MOST) -> bytes:
    """The unpacked body. Raises Fault for one that is longer than `most` or packed in a way that was not asked for.

    A gzip stream is unpacked with a limit: a few packed bytes may stand for gigabytes.
    """
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "", "gzip", "x-gzip"):
        raise Fault(f"its answer is packed as {packing[:40]!r}, which was not asked for", kind="broken")
    unpack = zlib.decompressobj(GZIP) if "gzip" in packing else None
    whole = bytearray()
    try:
        async for part in response.aiter_raw():
            whole += unpack.decompress(part, most + 1 - len(whole)) if unpack else part
            if unpack is not None and unpack.unused_data:
                raise Fault("its packed answer goes on behind its end", kind="broken")
            if len(whole) > most:
                raise Fault(f"its answer is longer than {most} bytes", kind="broken")
    except zlib.error as error:
        raise Fault("its answer is no gzip, though it says so", kind="broken") from error
    if unpack is not None and not unpack.eof:
        raise Fault("its packed answer is cut short", kind="broken")
    return bytes(whole)
