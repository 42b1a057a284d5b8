"""The default profile: the listed reasons and nothing else.

1. **Wrappers.** The text is what stands between the header of the model's turn and its end-of-turn token.
2. **Forms that say where a reason begins and ends**, the first of these that the text has: JSON that begins a line or
   follows a colon (lists, objects, one a line, cut off, or written as Python: ``answer/structured.py``); two or more
   tags such as ``<reason>`` or ``<li>``; a Markdown table (``answer/tables.py``).
3. **Lines**, else. Tags around all of it, fences and dividers go, as do the signs of emphasis. If a line is marked
   (bullets, numbers of many scripts, ``Reason 1:``: ``answer/markers.py``), each marked line is an item, and

   - lines before the first are an introduction, and dropped;
   - unmarked lines continue the item above; after a blank line only if they are indented, stand below a title, come
     before another item, or every item before has such a paragraph;
   - deeper marks, and marks of another kind below an item, are details: they belong to it
     (``Rain: it falls; it stays``), unless all stand below one line with a colon, which then introduces them;
   - headings, bold lines after a blank one and what stands below them unmarked are dropped, as are closing notes.
4. **Lines without markers**: each is an item, except introductions (a first line that ends with a colon, or a stock
   phrase), closing notes, titles (headings, bold lines, lines with a colon, or a short line that begins each
   paragraph), which go before their text (``Weather: Rain ...``), and lines that a long one was wrapped into.
5. **Refusals** (``There are no valid reasons``, ``None.``, in the languages of ``answer/wording.py``) as the first
   line, or as the only item, give nothing, whatever follows, unless they go on with a but and a list.
6. A cut-off tail is dropped: the answer has no end-of-turn token, its last line is the last item's, that item lacks
   closing punctuation, and at least two items precede it which all have it. A list written without punctuation, a
   short one and one that is known to have ended keep every item. Of JSON that was cut off only whole strings count.
7. Quotation marks go where every item stands in them. Of items that differ only in case or spacing the first is kept,
   and none that only fills a place (``N/A``).
"""

from __future__ import annotations

from collections.abc import Sequence

from labeldist.explanations.answer.joining import one_line
from labeldist.explanations.answer.lines import Line, read_lines, without_emphasis
from labeldist.explanations.answer.markers import marker
from labeldist.explanations.answer.outline import marked_items
from labeldist.explanations.answer.paragraphs import unmarked_items, without_introductions
from labeldist.explanations.answer.quotes import without_quotes
from labeldist.explanations.answer.structured import structured_items
from labeldist.explanations.answer.tables import table_items
from labeldist.explanations.answer.wording import is_closed, refuses, says_nothing, tries_all_the_same
from labeldist.explanations.answer.wrappers import tagged_items, turn, without_tags
from labeldist.explanations.parse import PARSERS


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
    for item in items:
        if not says_nothing(item):
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
