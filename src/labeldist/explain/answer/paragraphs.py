"""Answers without markers: a line each, or a title with its text."""

from __future__ import annotations

from collections.abc import Sequence

from labeldist.explain.answer.joining import titled, wrapped
from labeldist.explain.answer.lines import Line
from labeldist.explain.answer.wording import (
    ends_with_colon,
    is_closed,
    is_closing_note,
    is_generic_title,
    is_introduction,
)

# A line this long, without an end and before a lower-case letter, was wrapped.
WRAPPED = 60
LONGEST_TITLE = 60


def unmarked_items(lines: Sequence[Line]) -> tuple[list[str], bool]:
    """The explanations in ``lines``, none of which is marked; and whether the last line belongs to the last of them."""
    kept = without_introductions(lines)
    while len(kept) > 1 and is_closing_note(kept[-1].text):
        kept = kept[:-1]
    titles = _titles(kept)
    items: list[str] = []
    under_title = False
    for at, line in enumerate(kept):
        if titles[at]:
            if under_title:
                items.pop()  # nothing stood below that title
            items.append(line.text)
            under_title = True
        elif under_title:
            items[-1], under_title = titled(items[-1], line.text), False
        elif any(titles) and not line.after_divider or at > 0 and _is_wrapped(kept[at - 1], line):
            items[-1:] = [wrapped(items[-1], line.text)] if items else [line.text]
        else:
            items.append(line.text)
    return items, bool(kept) and kept[-1] is lines[-1]


def without_introductions(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines without those at their beginning that only announce the others."""
    while lines and _announces(lines):
        lines = lines[1:]
    return lines


def _announces(lines: Sequence[Line]) -> bool:
    first, *others = lines
    if is_introduction(first.text) or (first.title and is_generic_title(first.text)):
        return True
    if not others:
        return False
    if first.heading or first.title:  # the title of all, not of one
        return not is_closed(first.text) and len(others) > 1 and not any(line.title for line in others)
    if not ends_with_colon(first.text):
        return False
    others_do = [ends_with_colon(line.text) for line in others]
    return not any(others_do[1:]) or others_do[0] or others[0].title or len(first.text) > LONGEST_TITLE


def _titles(lines: Sequence[Line]) -> list[bool]:
    """Which lines are the title of what follows them."""
    found = [line.heading or line.title and not is_closed(line.text) or ends_with_colon(line.text) for line in lines]
    found = [title and at + 1 < len(lines) for at, title in enumerate(found)]
    return found if any(found) else _plain_titles(lines)


def _plain_titles(lines: Sequence[Line]) -> list[bool]:
    """Titles that nothing distinguishes: of several paragraphs each begins with a short line without an end, and
    every other line has one.
    """
    starts = [at == 0 or line.after_blank for at, line in enumerate(lines)]
    paired = all(start == _could_be_title(line.text) for start, line in zip(starts, lines, strict=True))
    alone = any(start and after for start, after in zip(starts, [*starts[1:], True], strict=False))
    return starts if paired and not alone and sum(starts) > 1 else [False] * len(lines)


def _could_be_title(text: str) -> bool:
    return len(text) <= LONGEST_TITLE and text[-1].isalnum()


def _is_wrapped(line: Line, more: Line) -> bool:
    return (
        len(line.text) >= WRAPPED
        and not more.after_blank
        and not more.after_divider
        and not is_closed(line.text)
        and more.text[:1].islower()
    )
