"""The default profile."""
from __future__ import annotations

from collections.abc import Sequence

from labeldist.explain.answer.joining import one_line
from labeldist.explain.answer.lines import Line, read_lines, without_emphasis
from labeldist.explain.answer.markers import marker
from labeldist.explain.answer.outline import marked_items
from labeldist.explain.answer.paragraphs import unmarked_items, without_introductions
from labeldist.explain.answer.quotes import without_quotes
from labeldist.explain.answer.structured import structured_items
from labeldist.explain.answer.tables import table_items
from labeldist.explain.answer.wording import is_closed, refuses, tries_all_the_same
from labeldist.explain.answer.wrappers import tagged_items, turn, without_tags
from labeldist.explain.parse import PARSERS


@PARSERS.add("clean")
def clean(answer: str) -> list[str]:
    """See the module's text for the rules."""
    body, ended = turn(answer)
    items = _whole(body)
    if items is None:
        lines = read_lines(without_tags(body))
        items, last = _listed(lines)
        if not ended and last and _cut_off(items):
            items = items[:-1]
    items = without_quotes([one_line(item) for item in items])
    if len(items) == 1 and refuses(items[0]):
        return []
    kept: dict[str, str] = {}
    for item in filter(None, items):
        kept.setdefault(item.lower(), item)
    return list(kept.values())


def _whole(body: str) -> list[str] | None:
    """The items of an answer whose form says where each begins and ends: JSON, tags, a table."""
    found = structured_items(body)
    if found is None:
        found = tagged_items(body)
    if found is None:
        found = table_items(body)
    if found is None:
        return None
    if len(found) == 1 and "\n" in found[0].strip():
        return _listed(read_lines(found[0]))[0]
    return [_bare(item) for item in found]


def _bare(item: str) -> str:
    plain = without_emphasis(one_line(item))
    mark = marker(plain)
    return plain[mark.end :] if mark is not None and mark.sure and mark.end < len(plain) else plain


def _listed(lines: Sequence[Line]) -> tuple[list[str], bool]:
    """The items in the lines, and whether the last line belongs to the last of them."""
    if not lines:
        return [], False
    marked = any(line.marker is not None for line in lines)
    told = without_introductions(lines)
    opening = next((line for line in (*lines[:1], *told[:1]) if line.marker is None and refuses(line.text)), None)
    if opening is not None and not (marked and tries_all_the_same(opening.text)):
        return [], False
    return marked_items(lines) if marked else unmarked_items(lines)


def _cut_off(items: Sequence[str]) -> bool:
    *earlier, last = items or [""]
    return len(earlier) >= 2 and not is_closed(last) and all(is_closed(item) for item in earlier)
