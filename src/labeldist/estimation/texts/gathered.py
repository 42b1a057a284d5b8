"""The texts of items, kept while a stream of items goes by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from labeldist.core.item import Item
from labeldist.datasets.texts import SAMPLE, WORDS

MOST_ITEMS = 100_000  # of more, features would not fit the memory of a small machine
# Where no spaces are written (Chinese, Japanese, Thai, Lao, Khmer) each character counts.
UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
WORD = re.compile(rf"[{UNSPACED}]|[^\W\d_{UNSPACED}]+")
DISTINCT = 0.1  # of a column's texts: fewer are kinds of items, not texts


class GatheredTexts:
    """The texts of all items that went ``through``, by column; nothing is kept of more than ``MOST_ITEMS``.

    ``fields`` are those of the task: items that have them all are read by them. Else columns of several words are
    texts, unless they hold little but ``labels``: those would tell what the annotators said.

    >>> items = [Item(str(at), {}, extra={"text": f"Number {at} is here.", "votes": "no, yes, no"}) for at in range(3)]
    >>> texts = GatheredTexts((), ("yes", "no"))
    >>> [item.id for item in texts.through(items)], texts.columns, texts.fields[0][2]
    (['0', '1', '2'], ('text',), 'Number 2 is here.')
    """

    def __init__(self, fields: Sequence[str], labels: Sequence[str]) -> None:
        self.columns: tuple[str, ...] = ()
        self.fields: tuple[list[str], ...] = ()
        self.items = 0
        self._wanted, self._labels = fields, labels
        self._first: list[Item] = []

    @property
    def too_many(self) -> bool:
        """Whether so many items went by that their texts were not kept."""
        return self.items > MOST_ITEMS

    def through(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items as they come."""
        for item in items:
            self._take(item)
            yield item
        if self._first:
            self._settle()

    def _take(self, item: Item) -> None:
        self.items += 1
        if self.items <= SAMPLE:
            self._first.append(item)
            return
        if self._first:
            self._settle()
        self._keep(item)

    def _settle(self) -> None:
        """Find the columns, and keep the texts of the first items, which tell them."""
        self.columns = columns_of_texts(self._first, self._wanted, self._labels)
        self.fields = tuple([] for _ in self.columns)
        for item in self._first:
            self._keep(item)
        self._first = []

    def _keep(self, item: Item) -> None:
        if self.too_many:
            self.fields = ()
            return
        for column, texts in zip(self.columns, self.fields, strict=True):
            texts.append(_text(item, column))


def columns_of_texts(items: Sequence[Item], fields: Sequence[str], labels: Sequence[str]) -> tuple[str, ...]:
    """The columns whose texts may tell what annotators think of an item, but not what they said of it."""
    there = dict.fromkeys(name for item in items for part in (item.fields, item.extra) for name in part)
    if fields and all(name in there for name in fields):
        return tuple(fields)
    spoken = re.compile("|".join(rf"\b{re.escape(label)}\b" for label in labels), re.IGNORECASE)
    return tuple(column for column in there if _is_text([_text(item, column) for item in items], spoken))


def _is_text(texts: Sequence[str], labels: re.Pattern[str]) -> bool:
    """Whether these are several words beside labels and numbers, and not the same few again and again."""
    there = [text for text in texts if text.strip()]
    words = sum(len(WORD.findall(labels.sub(" ", text))) for text in there)
    return bool(there) and words >= WORDS * len(there) and len(set(there)) >= DISTINCT * len(there)


def _text(item: Item, column: str) -> str:
    text = item.fields[column] if column in item.fields else item.extra.get(column)
    return text if isinstance(text, str) else ""
