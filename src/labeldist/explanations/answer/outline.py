"""Lists with markers: which line begins an explanation, which belongs to it, and which to none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from labeldist.explanations.answer.joining import listed, titled, wrapped
from labeldist.explanations.answer.lines import Line
from labeldist.explanations.answer.wording import ends_with_colon, is_closed, is_closing_note

# Less indentation than this is an accident: the first line of an answer is often stripped, or the only one that is not.
DEEPER = 2
LONGEST_TITLE = 40


@dataclass(slots=True)
class _Level:
    """A list, or a list in one: how far in it stands, of what kind its markers are, the latest one's value."""

    indent: int
    kinds: frozenset[str]
    value: int | None


@dataclass(slots=True)
class _Reason:
    """An explanation as it grows: its lines, each with how it is joined, and the place of the last one."""

    head: Line
    text: str
    last: int
    details: int = 0
    paragraphs: int = 0

    def needs_text(self) -> bool:
        """Whether it is only a title, or only a marker, so far."""
        bare = self.details == self.paragraphs == 0
        return bare and (not self.text or self.head.title or ends_with_colon(self.text))


@dataclass(slots=True)
class _Outline:
    reasons: list[_Reason] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=list)
    open: bool = False


def marked_items(lines: Sequence[Line]) -> tuple[list[str], bool]:
    """The explanations in ``lines``, of which at least one is marked; and whether the last line belongs to the last.

    Everything before the first marker is an introduction.
    """
    first = next(at for at, line in enumerate(lines) if line.marker is not None)
    if _have_plain_titles(lines[first:]):
        lines = [replace(line, title=True) if line.marker is not None else line for line in lines]
    outline, ends = _Outline(), _ends(lines)
    for at in range(first, len(lines)):
        if lines[at].marker is not None:
            _mark(outline, lines[at], at)
        else:
            _continue(outline, lines, at, ends[at])
    reasons = outline.reasons
    alone = reasons[0]
    if len(reasons) == 1 and alone.details > 1 and ends_with_colon(alone.head.text):
        return marked_items(lines[first + 1 :])  # the introduction was marked, too
    return [reason.text for reason in reasons], reasons[-1].last == len(lines) - 1


def _have_plain_titles(lines: Sequence[Line]) -> bool:
    """Whether every marked line is short, has no end, and is followed by an unmarked one that begins a sentence."""
    marked = [at for at, line in enumerate(lines) if line.marker is not None]
    return len(marked) > 1 and all(
        at + 1 < len(lines)
        and len(lines[at].text) <= LONGEST_TITLE
        and lines[at].text[-1:].isalnum()
        and lines[at + 1].marker is None
        and lines[at + 1].text[:1].isupper()
        for at in marked
    )


def _mark(outline: _Outline, line: Line, at: int) -> None:
    """A marked line: a reason of its own, or a detail of the one above it."""
    if line.after_divider:
        outline.levels.clear()
    outline.open = True
    if _place(outline.levels, line) == 0 or not outline.reasons:
        outline.reasons.append(_Reason(line, line.text, at))
        return
    reason = outline.reasons[-1]
    # The first detail stands below a title; what follows a reason that already has text is a further one.
    join = titled if reason.details == 0 else listed
    reason.text, reason.last, reason.details = join(reason.text, line.text), at, reason.details + 1


def _place(levels: list[_Level], line: Line) -> int:
    """How deep the line stands (0: a reason of its own), which the levels then know."""
    marker = line.marker
    assert marker is not None
    while len(levels) > 1 and line.indent <= levels[-1].indent - DEEPER:
        levels.pop()
    for depth in range(len(levels) - 1, -1, -1):
        level = levels[depth]
        follows = marker.value is not None and level.value is not None and marker.value == level.value + 1
        deeper = line.indent >= level.indent + DEEPER
        if marker.kinds & level.kinds and (not deeper or follows):
            del levels[depth + 1 :]
            level.kinds, level.value = marker.kinds & level.kinds, marker.value
            return depth
        if deeper:
            break
    levels.append(_Level(line.indent, marker.kinds, marker.value))
    return len(levels) - 1


def _ends(lines: Sequence[Line]) -> list[bool]:
    """Of each line, whether no marked line follows it before the next heading."""
    found: list[bool] = []
    end = True
    for line in reversed(lines):
        found.append(end)
        end = line.heading or (end and line.marker is None)
    return found[::-1]


def _continue(outline: _Outline, lines: Sequence[Line], at: int, end: bool) -> None:
    """An unmarked line after a marked one: it goes on, or it ends the reason."""
    line, reason = lines[at], outline.reasons[-1]
    if line.heading or line.after_divider or (line.title and line.after_blank):
        outline.open = False
        outline.levels.clear()
        return
    if not (outline.open and _goes_on(outline, lines, at, end)):
        outline.open = False
        return
    paragraph = line.after_blank
    title = reason.needs_text() and (reason.head.title or paragraph)
    reason.text = titled(reason.text, line.text) if title else wrapped(reason.text, line.text)
    reason.last = at
    reason.paragraphs += paragraph or title


def _goes_on(outline: _Outline, lines: Sequence[Line], at: int, end: bool) -> bool:
    """Whether the line at ``at`` belongs to the latest reason; ``end``: the list has no further one."""
    line, reason = lines[at], outline.reasons[-1]
    if reason.needs_text():
        return True
    if end and is_closing_note(line.text):
        return False
    announces = ends_with_colon(line.text) and at + 1 < len(lines) and lines[at + 1].marker is not None
    if announces and is_closed(reason.text):
        return False  # the introduction of the next list
    if not line.after_blank or not end or line.indent >= max(reason.head.indent, 0) + DEEPER:
        return True
    earlier = outline.reasons[:-1]
    return reason.paragraphs == 0 and bool(earlier) and all(one.paragraphs for one in earlier)
