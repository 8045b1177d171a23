"""Folders for unix sockets: the path of a socket has about a hundred bytes, a data folder's may be longer."""

import hashlib
import os
import pwd
import tempfile
from pathlib import Path

LONGEST = 100  # bytes of a socket's path; Linux takes 107, macOS 103


class SocketFolderTaken(RuntimeError):
    """The folder meant for the sockets belongs to another account."""


def socket_folder(home: Path, *, file: str, user: str | None = None) -> Path:
    """`home` itself when `home/file` is short enough, else a private folder under the temporary one.

    The second is named by the hash of `home` and owned by `user` (default: the present account); raises
    `SocketFolderTaken` when another account holds it.
    """
    if len(os.fsencode(home / file)) <= LONGEST:
        return home
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"burnish-{digest}"
    owner = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid not in (owner, os.geteuid()):
        raise SocketFolderTaken(f"{folder} belongs to another account; remove it, or choose a shorter data folder")
    folder.chmod(0o700)
    if user:
        os.chown(folder, owner, -1)
    return folder
