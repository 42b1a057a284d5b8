"""Answers without markers: a line each, or a title with its text."""

from __future__ import annotations

from collections.abc import Sequence

from labeldist.explanations.answer.joining import titled, wrapped
from labeldist.explanations.answer.lines import Line
from labeldist.explanations.answer.wording import (
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
    end = len(kept)
    while end > 1 and is_closing_note(kept[end - 1].text):
        end -= 1
    kept = kept[:end]
    titles = _titles(kept)
    in_sections = any(titles)
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
        elif (in_sections and not line.after_divider) or (at > 0 and _is_wrapped(kept[at - 1], line)):
            items[-1:] = [wrapped(items[-1], line.text)] if items else [line.text]
        else:
            items.append(line.text)
    return items, bool(kept) and kept[-1] is lines[-1]


def without_introductions(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines without those at their beginning that only announce the others."""
    colons = [ends_with_colon(line.text) for line in lines]
    last_colon = max((at for at, colon in enumerate(colons) if colon), default=-1)
    last_title = max((at for at, line in enumerate(lines) if line.title), default=-1)
    begin = 0
    while begin < len(lines):
        line, others = lines[begin], len(lines) - begin - 1
        if is_introduction(line.text) or (line.title and is_generic_title(line.text)):
            announces = True
        elif line.title:  # of all, where no other has a title
            announces = not is_closed(line.text) and others > 1 and last_title == begin
        elif colons[begin] and others:  # of all, where no other follows that has text in between
            titles = last_colon >= begin + 2 and not colons[begin + 1] and not lines[begin + 1].title
            announces = not titles or len(line.text) > LONGEST_TITLE
        else:
            announces = False
        if not announces:
            break
        begin += 1
    return lines[begin:]


def _titles(lines: Sequence[Line]) -> list[bool]:
    """Which lines are the title of what follows them."""
    found = [line.heading or (line.title and not is_closed(line.text)) or ends_with_colon(line.text) for line in lines]
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
    return len(text) <= LONGEST_TITLE and text[-1:].isalnum()


def _is_wrapped(line: Line, more: Line) -> bool:
    return (
        len(line.text) >= WRAPPED
        and not more.after_blank
        and not more.after_divider
        and not is_closed(line.text)
        and more.text[:1].islower()
    )
