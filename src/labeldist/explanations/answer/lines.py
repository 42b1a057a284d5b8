"""The lines of an answer, each with what it is: marked, a heading, a title, after a blank line or a divider."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from labeldist.explanations.answer.markers import Marker, doubtful, marker


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank: its ``text`` without marker and emphasis.

    ``title``: all of it was bold or a heading. ``heading``: a Markdown one. ``after_blank``, ``after_divider``: what
    stood before it.
    """

    text: str
    indent: int
    marker: Marker | None
    title: bool
    heading: bool
    after_blank: bool
    after_divider: bool


_DIVIDER = re.compile(r"(?:[-–—─━=*_~·•#] ?){3,}$")
_FENCE = re.compile(r"(?:```|~~~)[\w+-]*$|\\(?:begin|end)\{\w+\*?\}$")
_HEADING = re.compile(r"#{1,6}(?=\s)\s*")
_ESCAPED = re.compile(r"^(\d{0,3})\\(?=[.)*+-])")
_QUOTED = re.compile(r"(?:> ?)+(?=\D|\d{1,3}[.)、．）])")
_BOLD = re.compile(r"(?<![A-Za-z0-9*])\*{2,3}(?=\S)([^*]+)(?<=\S)\*{2,3}(?![A-Za-z0-9*])")
# Emphasis, or code, around what may be a marker, or around all of a line.
_LEADING = re.compile(r"(`|\*|__|_)(?=[^\s`*_])([^`*_]{1,300})(?:(?<=[.:)：）、\d])\1(?=\s)|(?<=\S)\1$)")
_TITLE = re.compile(r"(?:\S{1,6}\s+)?(?:\*{2,3}[^*]+\*{2,3}|__[^_]+__)\s*[:：]?$")
# Numbers in the midst of a line, after the end of a sentence.
_INLINE = re.compile(r"(?:(?<=[.!?:;,。！？：；，])\s{0,3}|^\s*)[(（]?(\d{1,2})(?:[.)](?=\s)|[、．）])|(?<!\w)([①-⑳])")
# What stands alone between two reasons.
_BETWEEN = re.compile(r"(?:or|and|oder|und|ou|et|或者?|及|または|또는|혹은)[.,:]?$", re.IGNORECASE)
_BULLETS = re.compile(r"\s(?=•\s)")
TAB = "  "


def read_lines(text: str) -> list[Line]:
    """The lines of ``text`` that are not blank, dividers or fences."""
    found: list[Line] = []
    blank, divider = False, False
    for raw in _broken_up(text):
        stripped = raw.strip()
        if not stripped or _FENCE.match(stripped):
            blank = blank or not stripped
            continue
        if _DIVIDER.match(stripped) or _BETWEEN.match(stripped):
            if {*stripped} == {"="} and found and not blank and found[-1].marker is None:
                found[-1] = replace(found[-1], heading=True, title=True)  # underlined
            divider = True
            continue
        lead = raw[: len(raw) - len(raw.lstrip())]
        line = _line(stripped, len(lead.replace("\t", TAB)), after_blank=blank, after_divider=divider)
        if line.text:  # a heading or a quotation may be empty
            found.append(line)
            blank, divider = False, False
    unsure = doubtful([line.marker for line in found])
    return [_unmarked(line) if _is_doubtful(line, unsure) else _without_marker(line) for line in found]


def without_emphasis(text: str) -> str:
    """The text without the signs of bold, and without emphasis around a marker or all of it.

    >>> without_emphasis("**Weather:** *Rain* falls."), without_emphasis("2**3 is 8, *not* 6.")
    ('Weather: *Rain* falls.', '2**3 is 8, *not* 6.')
    """
    return _LEADING.sub(r"\2", _BOLD.sub(r"\1", text), count=1) if _LEADING.match(text) else _BOLD.sub(r"\1", text)


def _line(stripped: str, indent: int, *, after_blank: bool, after_divider: bool) -> Line:
    stripped = _QUOTED.sub("", stripped, count=1) if stripped.startswith(">") else stripped
    heading = _HEADING.match(stripped)
    text = stripped[heading.end() :].rstrip("# ") if heading else _ESCAPED.sub(r"\1", stripped)
    title = heading is not None or (_TITLE.match(text[:300]) is not None and len(text) <= 300)
    plain = without_emphasis(text)
    # A heading, and a bold line, holds what is listed below it, however that is numbered.
    place = -20 if heading else indent
    return Line(plain, place, marker(plain), title, heading is not None, after_blank, after_divider)


def _is_doubtful(line: Line, unsure: frozenset[str]) -> bool:
    return line.marker is not None and not line.marker.sure and line.marker.kinds <= unsure


def _unmarked(line: Line) -> Line:
    return replace(line, marker=None)


def _without_marker(line: Line) -> Line:
    if line.marker is None:
        return line
    return replace(line, text=without_emphasis(line.text[line.marker.end :].strip()))


def _broken_up(text: str) -> Iterable[str]:
    for line in text.splitlines():
        yield from _parts(line)


def _parts(line: str) -> Iterator[str]:
    """The line, cut before 2., 3. ... where it numbers several reasons from 1, and before bullets after the first."""
    if line.lstrip().startswith("•"):
        yield from _BULLETS.split(line.lstrip())
        return
    places: list[int] = []
    for found in _INLINE.finditer(line):
        number = int(found.group(1)) if found.group(1) else ord(found.group(2)) - ord("①") + 1
        if number == len(places) + 1:
            places.append(found.start())
    if len(places) < 2:
        yield line
        return
    if line[: places[0]].strip():
        yield line[: places[0]]
    for start, end in zip(places, [*places[1:], len(line)], strict=True):
        yield line[start:end]
