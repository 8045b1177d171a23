"""One call: a request, its answer or its fault, within its time."""

import asyncio

import httpx

from core.outgoing.guard import Guard
from core.outgoing.place import Place
from core.outgoing.transport import Transport
from workers.teachers.endpoint.answer import Answer, read_answer
from workers.teachers.endpoint.fault import Fault
from workers.teachers.endpoint.patience import Patience
from workers.teachers.endpoint.reading import body_of
from workers.teachers.endpoint.status import fault_of

ERROR_BYTES = 64 << 10  # of an answer without success
PATH = "/chat/completions"


class Caller:
    """Calls one endpoint over connections that are kept.

    It speaks to the transport itself: of what a client adds (redirects, cookies, sign-in flows) nothing is wanted, and
    it would take as long as the rest.
    """

    def __init__(self, where: Place, api_key: str | None, *, patience: Patience, guard: Guard) -> None:
        self._transport = Transport(guard)
        self._url = httpx.URL(where.url + PATH)
        self._headers = {"content-type": "application/json", "accept": "application/json", "accept-encoding": "gzip"}
        self._headers["user-agent"] = "burnish"
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"
        self._patience = patience

    async def call(self, body: bytes) -> Answer:
        """Ask once. Raises Fault, Refused."""
        try:
            async with asyncio.timeout(self._patience.answer):
                return await self._exchange(body)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise Fault(f"it gave no answer in {self._patience.answer:g} s", kind="slow") from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Fault(f"it cannot be reached ({error or type(error).__name__})", kind="down") from error
        except httpx.TransportError as error:
            raise Fault(f"the connection broke ({type(error).__name__})", kind="broken") from error

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _exchange(self, body: bytes) -> Answer:
        timeouts = {"timeout": self._patience.timeouts}
        request = httpx.Request("POST", self._url, content=body, headers=self._headers, extensions=timeouts)
        response = await self._transport.handle_async_request(request)
        try:
            if response.status_code == httpx.codes.OK:
                return read_answer(await body_of(response))
            raise fault_of(response.status_code, response.headers, await _words(response))
        finally:
            await response.aclose()


async def _words(response: httpx.Response) -> bytes:
    """What stands beside a status; nothing where it is too long or cannot be read."""
    try:
        return await body_of(response, most=ERROR_BYTES)
    except Fault:
        return b""
