"""Which columns of items hold their texts, where no task says so, and the texts of an item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from labeldist.core.item import Item

WORDS = 3  # on average, from which a column is one of texts
SAMPLE = 1_000  # items that tell


def text_columns(items: Sequence[Item], fields: Sequence[str] = ()) -> tuple[str, ...]:
    """The columns of the items' texts: the ``fields`` of a task, where they are there; else those of several words.

    Where no column has so many, all of short texts that are not the same for all.

    >>> items = [Item(str(at), {}, extra={"text": f"Number {at} is here.", "lang": "en"}) for at in range(3)]
    >>> text_columns(items), text_columns(items, ["lang"])
    (('text',), ('lang',))
    """
    words, times, different = Counter[str](), Counter[str](), dict[str, set[str]]()
    for item in items[:SAMPLE]:
        for name, text in _strings(item):
            times[name] += 1
            words[name] += len(text.split())
            different.setdefault(name, set()).add(text)
    if fields and all(name in times for name in fields):
        return tuple(fields)
    varied = [name for name in times if len(items) == 1 or len(different[name]) > 1]
    long = [name for name in varied if words[name] >= WORDS * times[name]]
    return tuple(long or varied)


def texts_of(item: Item, columns: Sequence[str]) -> dict[str, str]:
    """The texts of ``item`` in these columns, of those that it has.

    >>> texts_of(Item("1", {"premise": "It rains."}, extra={"hypothesis": "Wet.", "page": 3}), ["premise", "page"])
    {'premise': 'It rains.'}
    """
    found = {name: item.fields[name] if name in item.fields else item.extra.get(name) for name in columns}
    return {name: text for name, text in found.items() if isinstance(text, str) and text.strip()}


def _strings(item: Item) -> list[tuple[str, str]]:
    columns: tuple[Mapping[str, object], ...] = (item.fields, item.extra)
    return [(name, text) for part in columns for name, text in part.items() if isinstance(text, str) and text.strip()]
