"""Lines with intervals in panels side by side, as one SVG that any browser opens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from bench.claims.inequality import Estimate

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, NAMES = 430, 330, 52, 58, 48, 118
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - NAMES, HEIGHT - TOP - BOTTOM
APART = 13  # between two names at the right edge
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#555555")  # Okabe and Ito's, darkened
STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#333}.t{font-size:13px;font-weight:600}.s{fill:#666}"
    ".g{stroke:#e4e4e4}.a{stroke:#999}"
)


@dataclass(frozen=True)
class Line:
    """A name and its points: x, and the estimate there. `level`: it stands for all x, as a dashed line with a band."""

    name: str
    colour: str
    points: Sequence[tuple[float, Estimate]]
    level: bool = False


@dataclass(frozen=True)
class Panel:
    """One plot; `marks` are places on the x axis that are pointed at, with the colour of their line."""

    title: str
    below: str
    x: Sequence[float]
    lines: Sequence[Line]
    y: tuple[float, float]
    marks: Sequence[tuple[float, float, str]] = field(default_factory=tuple)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A point in the panel's pixels."""
        (first, last), (low, high) = (self.x[0], self.x[-1]), self.y
        across = LEFT + PLOT_WIDTH * (x - first) / (last - first)
        return across, TOP + PLOT_HEIGHT * (high - min(max(y, low), high)) / (high - low)


def svg(panels: Sequence[Panel], *, heading: str) -> str:
    """All panels in a row."""
    body = [f'<g transform="translate({number * WIDTH},22)">{_panel(p)}</g>' for number, p in enumerate(panels)]
    wide, high = WIDTH * len(panels), HEIGHT + 22
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}">'
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="12" y="20" class="s">{escape(heading)}</text>{"".join(body)}</svg>\n'
    )


def _panel(panel: Panel) -> str:
    parts = [f'<text x="{LEFT}" y="{TOP - 26}" class="t">{escape(panel.title)}</text>', *_grid(panel)]
    parts += [part for line in panel.lines for part in (_level(panel, line) if line.level else _course(panel, line))]
    for x, y, colour in panel.marks:
        across, down = panel.at(x, y)
        parts.append(
            f'<circle cx="{across:.1f}" cy="{down:.1f}" r="6" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
    return "".join([*parts, *_names(panel)])


def _grid(panel: Panel) -> Iterable[str]:
    low, high = panel.y
    for tenth in range(round(low * 10), round(high * 10) + 1):
        y = panel.at(panel.x[0], tenth / 10)[1]
        yield f'<line x1="{LEFT}" x2="{LEFT + PLOT_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" class="g"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tenth / 10:.1f}</text>'
    for x in panel.x:
        across, down = panel.at(x, low)
        yield f'<line x1="{across:.1f}" x2="{across:.1f}" y1="{down:.1f}" y2="{down + 4:.1f}" class="a"/>'
        yield f'<text x="{across:.1f}" y="{down + 17:.1f}" text-anchor="middle">{x:.0%}</text>'
    middle = LEFT + PLOT_WIDTH / 2
    yield f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle" class="s">{escape(panel.below)}</text>'


def _course(panel: Panel, line: Line) -> Iterable[str]:
    """A line through its points, each with its interval."""
    told = " ".join("{:.1f},{:.1f}".format(*panel.at(x, found.figure)) for x, found in line.points)
    yield f'<polyline points="{told}" fill="none" stroke="{line.colour}" stroke-width="2"/>'
    for x, found in line.points:
        (across, y), low, high = panel.at(x, found.figure), panel.at(x, found.low)[1], panel.at(x, found.high)[1]
        yield (
            f'<line x1="{across:.1f}" x2="{across:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="{line.colour}" '
            f'stroke-opacity=".45"/><circle cx="{across:.1f}" cy="{y:.1f}" r="3" fill="{line.colour}"/>'
        )


def _level(panel: Panel, line: Line) -> Iterable[str]:
    """One estimate for all x."""
    found = line.points[0][1]
    y, low, high = (panel.at(panel.x[0], value)[1] for value in (found.figure, found.low, found.high))
    yield (
        f'<rect x="{LEFT}" width="{PLOT_WIDTH}" y="{high:.1f}" height="{low - high:.1f}" fill="{line.colour}" '
        f'fill-opacity=".12"/><line x1="{LEFT}" x2="{LEFT + PLOT_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" '
        f'stroke="{line.colour}" stroke-width="2" stroke-dasharray="5 4"/>'
    )


def _names(panel: Panel) -> Iterable[str]:
    """At the right edge, each beside the end of its line, moved down where they would touch."""
    ends = [(panel.at(panel.x[-1], line.points[-1][1].figure)[1], line) for line in panel.lines]
    right, before = LEFT + PLOT_WIDTH + 8, 0.0
    for y, line in sorted(ends, key=lambda end: end[0]):
        before = max(y, before + APART)
        yield f'<text x="{right}" y="{before + 4:.1f}" style="fill:{line.colour}">{escape(line.name)}</text>'
