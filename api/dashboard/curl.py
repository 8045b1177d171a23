"""The command that asks the API for what a page shows or a button does."""

import json
import shlex
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request


@dataclass(frozen=True)
class Commands:
    """Writes commands for the address the visitor uses; the key is left to the shell's BURNISH_KEY."""

    base: str

    def get(self, path: str) -> str:
        """Read something."""
        return f'curl {shlex.quote(self.base + path)} \\\n  -H "Authorization: Bearer $BURNISH_KEY"'

    def post(self, path: str, body: dict[str, Any] | None = None) -> str:
        """Ask for something."""
        return self._send("POST", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> str:
        """Change something."""
        return self._send("PATCH", path, body)

    def upload(self, purpose: str, file: str) -> str:
        """Send a file."""
        return self._send("POST", "/files", None) + f" \\\n  -F purpose={purpose} -F file=@{shlex.quote(file)}"

    def delete(self, path: str) -> str:
        """Take something away."""
        return self._send("DELETE", path, None)

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> str:
        lines = [f"curl -X {method} {shlex.quote(self.base + path)}", '  -H "Authorization: Bearer $BURNISH_KEY"']
        if body is not None:
            lines += ['  -H "Content-Type: application/json"', f"  -d {shlex.quote(json.dumps(body, indent=2))}"]
        return " \\\n".join(lines)


def commands(request: Request) -> Commands:
    """Commands for the host of this request, which the door has checked."""
    return Commands(f"{request.scope['scheme']}://{request.headers['host']}")


Curl = Annotated[Commands, Depends(commands)]
