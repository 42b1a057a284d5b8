"""Annotations that are objects in a list of their item: which key has the label, the annotator and their group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from labeldist.core.errors import InputError, Place, UsageError, shown
from labeldist.core.registry import did_you_mean
from labeldist.datasets.cells import LONGEST_LABEL, MOST_DISTINCT, is_empty, name_of, parsed, split
from labeldist.datasets.column_map import ANNOTATOR, GROUP, LABEL
from labeldist.datasets.roles import MADE_OF_LABELS, OF_AN_ITEM, OF_LABELS, OF_SOMEBODY, roles_of

Columns = Mapping[str, Sequence[Any]]


class Keys(NamedTuple):
    """The keys of an annotation."""

    label: str
    annotator: str | None = None
    group: str | None = None


def keys_in(columns: Columns, name: str, given: Mapping[str, str]) -> Keys | None:
    """The keys of the annotations in a column, as ``given`` by role, else by their names; None if there are none.

    Raises :class:`UsageError` where several may be the label, and for a given one that is not there.

    >>> keys_in({"ratings": [[{"worker_id": "w1", "rating": 3}]]}, "ratings", {})
    Keys(label='rating', annotator='worker_id', group=None)
    """
    found = [entry for value in columns[name] if not is_empty(value) for entry in split(value, None)]
    if not found or not all(isinstance(entry, Mapping) for entry in found):
        return None
    keys = [*dict.fromkeys(str(key) for entry in found for key in entry)]
    for key in given.values():
        if key not in keys:
            raise did_you_mean("key", key, keys)
    roles = roles_of(keys, given)
    people = [key for key in keys if OF_SOMEBODY.search(key) and key != given.get(LABEL)]
    who = roles.get(ANNOTATOR) or (people[0] if len(people) == 1 else None)
    if LABEL in roles:
        return Keys(roles[LABEL], who, given.get(GROUP))
    if who is None or not (OF_LABELS.search(name) or OF_SOMEBODY.search(name)):
        return None
    may = [key for key in keys if key != who and not OF_AN_ITEM.fullmatch(key) and not MADE_OF_LABELS.search(key)]
    may = [key for key in may if _vary([entry.get(key) for entry in found])]
    if len(may) > 1:
        raise UsageError(
            f"annotations in {name!r}, and {len(may)} keys that may be their label: {shown(', '.join(may), 100)}",
            hint=f"say which: --columns label={name}.{may[0]}",
        )
    return Keys(may[0], who, given.get(GROUP)) if may else None


def _vary(values: Sequence[Any]) -> bool:
    texts = {str(value) for value in values if not is_empty(value)}
    return 1 < len(texts) <= MOST_DISTINCT and all(len(text) <= LONGEST_LABEL for text in texts)


def entry_labels(found: Any, column: str, keys: Keys, place: Place) -> Iterator[dict[str, Any]]:
    """The labels in a cell that has a list of annotations.

    >>> [*entry_labels([{"who": "a", "said": "ok"}], "votes", Keys("said", "who"), Place())]
    [{'annotator': 'a', 'label': 'ok'}]
    """
    for entry in split(found, None):
        if not isinstance(entry, Mapping):
            raise InputError(shown(entry), expected=f"an object with {keys.label!r}", place=place.at(column))
        who = None if keys.annotator is None else name_of(entry.get(keys.annotator))
        group = None if keys.group is None or who is None else name_of(entry.get(keys.group))
        given = parsed(entry.get(keys.label))
        for value in given if isinstance(given, list) else [given]:
            if isinstance(value, Mapping):
                raise InputError(shown(value), expected="a label", place=place.at(column))
            if (label := name_of(value)) is not None:
                yield {"annotator": who if group is None else f"{group}/{who}", "label": label}
