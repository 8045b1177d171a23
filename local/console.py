"""What the launcher and its processes say, line by line: a coloured name, then the line."""

import os
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

WIDTH = 9


@dataclass(frozen=True)
class Screen:
    """Where lines are shown; colours only where a terminal shows them."""

    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    def say(self, name: str, colour: str, line: str) -> None:
        """One line."""
        self.console.print(Text.assemble((f"{name:<{WIDTH}}", colour), Text.from_ansi(line)))


@dataclass
class Lines:
    """The lines of one pipe, cut as they arrive."""

    pipe: int
    rest: bytes = b""

    def read(self) -> list[str] | None:
        """Lines that ended since the last call; None when the other side closed the pipe (a rest is lost by then)."""
        try:
            fresh = os.read(self.pipe, 65_536)
        except BlockingIOError:
            return []
        if not fresh:
            return None
        *whole, self.rest = (self.rest + fresh).split(b"\n")
        if len(self.rest) > 65_536:
            whole, self.rest = [*whole, self.rest], b""
        return [line.decode(errors="replace").rstrip("\r") for line in whole]
