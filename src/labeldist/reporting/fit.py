"""Items cut to a size, so that a page of them opens quickly: prompts go first, then long texts are shortened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from labeldist.reports.view import ViewItem

MOST_BYTES = 3_000_000  # of a page of 1,000 items
OF_THE_PAGE = 200_000  # without its items
FAIR = 2_700  # bytes for an item of a page of more
LARGEST = 60_000  # for an item of a page of few
SHORTEST = 60  # characters to which a text is cut at most
MORE = "… ({:,} more characters)"


def room(items: int) -> int:
    """How many bytes each of so many items may take.

    >>> room(1), room(1_000), room(10_000)
    (60000, 2800, 2700)
    """
    return max(FAIR, min((MOST_BYTES - OF_THE_PAGE) // max(items, 1), LARGEST))


def fitted(items: Iterable[ViewItem], each: int) -> Iterator[ViewItem]:
    """The items, each in ``each`` bytes as far as texts can be shortened; ``cut`` says what was."""
    for item in items:
        if _size(item) > each:
            _cut(item, each)
        yield item


def _size(item: ViewItem) -> int:
    return len(orjson.dumps(item))


def _cut(item: ViewItem, each: int) -> None:
    """Leave out what is needed least, until the item fits."""
    while item["prompts"] and _size(item) > each:
        item["prompts"].popitem()
        _note(item, "prompts")
    unseen = [one for one in item["explanations"] if not one["shown_to"]]
    if unseen and _size(item) > each:
        item["explanations"] = [one for one in item["explanations"] if one["shown_to"]]
        _note(item, "explanations that no model saw")
    length = 2_000
    while length >= SHORTEST and _size(item) > each:
        _shorten(item, length)
        length //= 2


def _shorten(item: ViewItem, length: int) -> None:
    for name, text in item["texts"].items():
        if len(text) > length + len(MORE):
            item["texts"][name] = _shortened(text, length)
            _note(item, "texts")
    for one in item["explanations"]:
        if len(one["text"]) > length + len(MORE):
            one["text"] = _shortened(one["text"], length)
            _note(item, "explanations")


def _shortened(text: str, length: int) -> str:
    return text[:length] + MORE.format(len(text) - length)


def _note(item: ViewItem, what: str) -> None:
    if what not in item["cut"]:
        item["cut"].append(what)
