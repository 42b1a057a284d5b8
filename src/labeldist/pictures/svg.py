"""The parts of inline SVG: no script, no ids, no outside resource; lines and texts in the colour of the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from labeldist.core.visible import visible

MOST = 24  # characters of a name
SIZE = 11  # of letters
LETTER = 6.2  # about the width of one


def svg(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    """A picture of this size, with what it shows in words for those who cannot see it.

    >>> svg("a < b", 10, 5, ["<path/>"]).count("a &lt; b")
    2
    """
    words = escaped(title, 300)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{words}" width="{_n(width)}" '
        f'height="{_n(height)}" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'style="max-width:100%;height:auto;display:block;margin:4px 0" font-family="sans-serif" font-size="{SIZE}">'
        f"<title>{words}</title>{''.join(parts)}</svg>"
    )


def text(x: float, y: float, value: str, *, anchor: str = "start", most: int = MOST, size: float = SIZE) -> str:
    """Words of a picture, shortened, with everything that comes from data escaped.

    >>> text(1, 2, "<b>")
    '<text x="1" y="2" fill="currentColor">&lt;b&gt;</text>'
    """
    more = "" if anchor == "start" else f' text-anchor="{anchor}"'
    more += "" if size == SIZE else f' font-size="{_n(size)}"'
    return f'<text x="{_n(x)}" y="{_n(y)}" fill="currentColor"{more}>{escaped(value, most)}</text>'


def rect(x: float, y: float, width: float, height: float, colour: str, told: str = "") -> str:
    """A filled rectangle; ``told`` appears where the pointer rests on it."""
    shape = f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="{colour}"'
    return f"{shape}/>" if not told else f"{shape}><title>{escaped(told, 120)}</title></rect>"


def circle(x: float, y: float, radius: float, colour: str, told: str = "", *, hollow: bool = False) -> str:
    """A disk, or a ring where it is ``hollow``."""
    look = f'fill="none" stroke="{colour}" stroke-width="1.4"' if hollow else f'fill="{colour}" fill-opacity=".85"'
    shape = f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" {look}'
    return f"{shape}/>" if not told else f"{shape}><title>{escaped(told, 120)}</title></circle>"


def line(points: Sequence[tuple[float, float]], *, colour: str = "currentColor", width: float = 1, dash: str = "",
         faint: bool = False) -> str:  # fmt: skip
    """A line through these points.

    >>> line([(0, 0), (1, 2.5)])
    '<path d="M0 0L1 2.5" fill="none" stroke="currentColor" stroke-width="1"/>'
    """
    more = (f' stroke-dasharray="{dash}"' if dash else "") + (' stroke-opacity=".35"' if faint else "")
    return f'<path d="{_path(points)}" fill="none" stroke="{colour}" stroke-width="{_n(width)}"{more}/>'


def area(points: Sequence[tuple[float, float]], colour: str, opacity: float = 0.18) -> str:
    """A filled shape without an edge."""
    return f'<path d="{_path(points)}Z" fill="{colour}" fill-opacity="{_n(opacity)}"/>'


def shortened(value: str, most: int = MOST) -> str:
    """At most so many characters, all of them seen.

    >>> shortened("entailment", 6)
    'entai…'
    """
    seen = visible(value[: most + 1])  # of a long text no more than can be shown is looked at
    return seen if len(seen) <= most else seen[: most - 1] + "…"


def room(names: Sequence[str], most: int = MOST) -> float:
    """The width that the longest of these names takes."""
    return max((len(shortened(name, most)) for name in names), default=0) * LETTER + 6


def escaped(value: str, most: int) -> str:
    """What HTML and XML show as this text, and as nothing else.

    >>> escaped("<b>", 10)
    '&lt;b&gt;'
    """
    # Two code points that visible() leaves, and XML does not take.
    return escape(shortened(value, most).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff"))


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in points)


def _n(value: float) -> str:
    """A number as short as a pixel needs it."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
