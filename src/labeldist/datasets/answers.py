"""What annotators wrote and what it means: other spellings of labels, and what is no label at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labeldist.core.errors import InputError, UsageError, shown
from labeldist.datasets.jsonl import Rows


def read_aliases(given: Iterable[str] | Mapping[str, str]) -> dict[str, str]:
    """``OLD=NEW`` pairs as a mapping; :class:`UsageError` for anything else.

    >>> read_aliases(["1.0=1", "hateful=hate"])
    {'1.0': '1', 'hateful': 'hate'}
    """
    if isinstance(given, Mapping):
        return {str(old): str(new) for old, new in given.items()}
    found = {}
    for pair in given:
        old, equals, new = pair.rpartition("=")
        if not (old.strip() and equals and new.strip()):
            raise UsageError(f"--alias {shown(pair)}", hint="give what is there and what it means: --alias 1.0=1")
        found[old.strip()] = new.strip()
    return found


def with_meanings(rows: Rows, missing: Sequence[str], aliases: Mapping[str, str]) -> Rows:
    """The rows with labels by their meaning, and without those that are ``missing``; case counts.

    >>> row = {"id": "1", "labels": [{"annotator": "a", "label": "1.0"}, {"annotator": "b", "label": "-"}]}
    >>> next(with_meanings(iter([(None, row)]), ["-"], {"1.0": "1"}))[1]["labels"]
    [{'annotator': 'a', 'label': '1'}]
    """
    if not missing and not aliases:
        yield from rows
        return
    gone = {name.strip() for name in missing}
    for place, row in rows:
        if isinstance(row, InputError) or row.get("labels") is None:
            yield place, row
        else:
            yield place, row | {"labels": _labels(row["labels"], gone, aliases)}


def _labels(labels: Any, gone: set[str], aliases: Mapping[str, str]) -> Any:
    if isinstance(labels, Mapping):
        counts: dict[str, Any] = {}
        for name, times in labels.items():
            if str(name).strip() not in gone:
                meant = aliases.get(str(name).strip(), name)
                counts[meant] = counts[meant] + times if meant in counts else times
        return counts
    if not isinstance(labels, list | tuple):
        return labels
    found = []
    for entry in labels:
        label = entry.get("label") if isinstance(entry, Mapping) else entry
        text = str(label).strip()
        if text in gone:
            continue
        new = aliases.get(text, label)
        found.append({**entry, "label": new} if isinstance(entry, Mapping) else new)
    return found
