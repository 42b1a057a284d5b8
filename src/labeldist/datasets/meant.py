"""Columns that seem to hold labels, or another part of the contract, under a name that it does not know.

They are found so that nothing is dropped in silence.
"""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from labeldist.core.errors import InputError, Place, shown
from labeldist.core.item import Item
from labeldist.core.spelling import folded
from labeldist.core.task import Task
from labeldist.datasets.columns import KNOWN
from labeldist.datasets.rows import item_from_row

# What labels are called elsewhere; compared without case, spaces and signs.
OTHER_NAMES = (
    "label", "annotation", "annotations", "annotatorlabels", "humanlabels", "crowdlabels", "labelcounts", "labelcount",
    "labellist", "votes", "vote", "counts", "judgments", "judgements", "ratings", "rating", "responses",
)  # fmt: skip
NUMBERS_OF_MODELS = ("distribution", "scores", "logits", "prior", "interval", "probs", "probabilities", "softlabel")
ALIKE = 0.75  # likeness of two names, by difflib, from which one may be the other misspelt
LONGEST_CELL = 10_000
SHOWN_COLUMNS = 8
NUMBER_OF = ("n", "num", "number", "no", "count", "counts", "total")  # beside a label: ``n_neutral``, ``neutral_count``
OTHER_PARTS = ("reference", "evidence", "explanations", "answers")
MISSPELT = 0.75  # likeness of two names, by difflib, from which one may be another part misspelt


class MeantColumnError(InputError):
    """An item without labels, or another ``part``, and with a column that looks like them."""

    def __init__(self, column: str, task: Task, place: Place, part: str = "labels") -> None:
        renamed = _renamed(column, task) if part == "labels" else part + column[len(_base(column)) :]
        super().__init__(
            f"no {part}, but a column {shown(column)} that looks like {'them' if part.endswith('s') else 'it'}",
            expected=f"{part if part.endswith('s') else f'the {part}'} in the column {part!r}",
            place=place,
            hint=f"did you mean {shown(column)}? Rename it to {renamed!r}"
            + (f", or say so: --columns labels={column}" if renamed == "labels" else ""),
        )
        self.column = column
        self.part = part


@dataclass(slots=True)
class Columns:
    """What the items of a source have been found to have: ``unused`` columns, by how many items have each.

    ``holding``: how many items have something like labels in each of them.
    """

    items: int = 0
    labelled: int = 0
    unused: dict[str, int] = field(default_factory=dict)
    holding: dict[str, int] = field(default_factory=dict)

    def add(self, item: Item, task: Task) -> None:
        """Take in one item."""
        self.items += 1
        self.labelled += bool(item.labels)
        for column, value in item.extra.items():
            if column in task.fields:  # a text where no text is read
                continue
            self.unused[column] = self.unused.get(column, 0) + 1
            # So many tell what a column is, and reading many items must stay fast.
            if not item.labels and self.unused[column] <= 100 and looks_like_labels(value, task):
                self.holding[column] = self.holding.get(column, 0) + 1

    def listed(self) -> str:
        """The unused columns, in words; nothing where there are none."""
        names = [*self.unused]
        more = ", ..." if len(names) > SHOWN_COLUMNS else ""
        return f"columns kept and not used: {', '.join(names[:SHOWN_COLUMNS])}{more}" if names else ""

    def told(self) -> str:
        """The unused columns, and the one likeliest to be meant: what to know where labels are missing."""
        if not self.unused:
            return "all columns are used, so there are no labels under any name"
        listed = self.listed()
        likely = max(self.unused, key=lambda name: (name in self.holding and not _other_part(name), likeness(name)))
        if likely in self.holding or likeness(likely) >= ALIKE:
            return f"{listed}; did you mean {likely!r}? Then rename it to 'labels'"
        return listed


def column_meant(item: Item, task: Task, excused: Collection[str] = ()) -> str | None:
    """The column of an item without labels that seems to hold them; None where the item has labels or no such column.

    A name that is ``labels`` but for case, spaces or a slip is enough. A name that labels have elsewhere
    (``annotations``, ``votes``) must also hold labels of the task, any other several of them, as names or as counts: a
    single label in a column ``gold`` is not taken for what annotators said. ``excused`` are left out.

    >>> from labeldist.tasks.load import load_task
    >>> nli = load_task("nli")
    >>> rows = {"Labels": ["x"]}, {"annotations": ["e", "n"]}, {"annotations": "?"}, {"gold": "e"}, {"by": ["e", "e"]}
    >>> [column_meant(Item("1", {}, extra=extra), nli) for extra in rows]
    ['Labels', 'annotations', None, None, 'by']
    """
    if item.labels:
        return None
    columns = {name: value for name, value in item.extra.items() if not _empty(value) and name not in excused}
    for name, value in columns.items():
        if _bare(name) in ("labels", "label") or (likeness(name) >= ALIKE and looks_like_labels(value, task)):
            return name
    for name, value in columns.items():
        if not _other_part(name) and _several(value, task):
            return name
    return _spread(columns, task)


def part_meant(item: Item, task: Task, excused: Collection[str] = ()) -> tuple[str, str] | None:
    """A column that can be read as a part that the item lacks and is named nearly so, and that part; or None.

    >>> from labeldist.tasks.load import load_task
    >>> nli = load_task("nli")
    >>> texts = {"premise": "a", "hypothesis": "b"}
    >>> rows = {"refrence": {"e": 3, "n": 2}}, {"References": "see page 3"}
    >>> [part_meant(Item("1", texts, extra=extra), nli) for extra in rows]
    [('refrence', 'reference'), None]
    """
    for name in item.extra:
        part = _nearly(_base(name))
        if part is None or getattr(item, part) or name in excused:
            continue
        value = {
            column[len(_base(name)) + 1 :]: _parsed(cell)
            for column, cell in item.extra.items()
            if column.startswith(f"{_base(name)}.") and not _empty(cell)
        } or _parsed(item.extra[name])
        try:
            read = item_from_row({"id": item.id, "fields": dict(item.fields), part: value}, task, Place())
        except InputError:
            continue
        if getattr(read, part):
            return name, part
    return None


@functools.cache
def _nearly(name: str) -> str | None:
    bare = _bare(name)
    return next(iter(difflib.get_close_matches(bare, OTHER_PARTS, n=1, cutoff=MISSPELT)), None)


def _base(column: str) -> str:
    return column.partition(".")[0]


def likeness(name: str) -> float:
    """How alike a column's name is to what labels are called, from 0 to 1.

    >>> likeness("Annotations"), likeness("lables") > 0.75, likeness("page") > 0.75
    (1.0, True, False)
    """
    bare = _bare(name.partition(".")[0])
    return max(difflib.SequenceMatcher(None, bare, known).ratio() for known in ("labels", *OTHER_NAMES))


def looks_like_labels(value: Any, task: Task) -> bool:
    """Whether ``value`` is labels of the task, in a form that the column ``labels`` may have or might have elsewhere.

    >>> from labeldist.tasks.load import load_task
    >>> nli = load_task("nli")
    >>> [looks_like_labels(value, nli) for value in (["e", "n"], "e;n", {"e": 3, "n": 2}, {"e": 0.6, "n": 0.4}, "no")]
    [True, True, True, False, False]
    """
    value = _parsed(value)
    if isinstance(value, str | int) and not isinstance(value, bool):
        names = _split(str(value))
        return bool(names) and all(_known(name, task) for name in names)
    if isinstance(value, Mapping):
        # One annotator per key, or one label per key.
        if value and all(_known(name, task) for name in value.values()):
            return True
        numbers = [number for number in value.values() if number is not None]
        whole = all(
            isinstance(number, int | float) and not isinstance(number, bool) and number >= 0 and number == number // 1
            for number in numbers
        )
        return bool(numbers) and whole and sum(numbers) >= 1 and all(_known(name, task) for name in value)
    if isinstance(value, list | tuple):
        return bool(value) and all(
            any(_known(part, task) for part in entry.values()) if isinstance(entry, Mapping) else _known(entry, task)
            for entry in value
        )
    return False


def _several(value: Any, task: Task) -> bool:
    """Whether ``value`` can hardly be anything but labels: several, not just numbers, and not all the options."""
    if not looks_like_labels(value, task):
        return False
    value = _parsed(value)
    if isinstance(value, Mapping):
        return any(not str(part).isdecimal() for part in value)
    names = _split(value) if isinstance(value, str) else value if isinstance(value, list | tuple) else []
    plain = [str(name) for name in names if not isinstance(name, Mapping)]
    options = sorted(map(folded, plain)) == sorted(map(folded, task.label_names))
    return len(plain) != 1 and bool(names) and not options and not all(name.isdecimal() for name in plain or ["-"])


def _other_part(name: str) -> bool:
    """Whether the name is more like another part of the contract, or like what models say, than like labels."""
    others = (*NUMBERS_OF_MODELS, *(part for part in KNOWN if part not in ("id", "labels")))
    return bool(difflib.get_close_matches(_bare(name), others, n=1, cutoff=0.85))


def _split(text: str) -> list[str]:
    return [part for part in re.split(r"[;,|#]", text) if part.strip()]


def with_counts(error: MeantColumnError, items: Iterable[Item], task: Task) -> InputError | None:
    """``error``, found at the first such item, with how many there are among all the ``items``.

    None where items with that part have the column, too: then it is one of its own, such as a gold label.
    """
    total = meant = 0
    for item in items:
        total += 1
        if getattr(item, error.part) and error.column in item.extra:
            return None
        found_there = column_meant(item, task) if error.part == "labels" else (part_meant(item, task) or ("",))[0]
        meant += found_there == error.column
    found = f"{error.found} (in all: {meant:,} of {total:,} items)"
    return InputError(found, expected=error.expected, place=error.place, hint=error.hint)


def missing_labels(columns: Columns, place: Place, why: str) -> InputError:
    """The error for items of which none has a label, where ``why`` takes labels."""
    return InputError(
        f"no label on any of {columns.items:,} items",
        expected=f"labels in the column 'labels': {why}",
        place=place,
        hint=columns.told(),
    )


def _spread(columns: Mapping[str, Any], task: Task) -> str | None:
    """The first of columns such as ``votes.neutral``, ``n_neutral`` or ``neutral``: a count for each of the labels."""
    parts: dict[str, dict[str, tuple[str, Any]]] = {}
    for name, value in columns.items():
        of = _of_label(name, task)
        if of is not None and not _other_part(of[0]):
            parts.setdefault(of[0], {})[task.canonical(of[1])] = (name, _parsed(value))
    for found in parts.values():
        counts = {label: value for label, (_, value) in found.items()}
        if len(counts) == len(task.labels) and looks_like_labels(counts, task) and not _names(counts, task):
            return next(iter(found.values()))[0]
    return None


def _names(values: Mapping[str, Any], task: Task) -> bool:
    """Whether the values are names of labels, not numbers; numbers may be names, too."""
    return not all(isinstance(value, int | float) for value in values.values()) or not any(values.values())


def _of_label(column: str, task: Task) -> tuple[str, str] | None:
    """What is said of a label in a column of its own, and the label: ``votes.`` and ``neutral``, ``_count`` and ``e``.

    None for any other column.
    """
    if _known(column, task):
        return "", column
    base, dot, label = column.rpartition(".")
    if dot and _known(label, task) and base not in KNOWN:
        return base + dot, label
    for sign in re.finditer(r"[_\-:/ ]+", column):
        before, after = column[: sign.start()], column[sign.end() :]
        for label, base, rest in ((after, before, column[: sign.end()]), (before, after, column[sign.start() :])):
            if _known(label, task) and (_bare(base) in NUMBER_OF or likeness(base) >= ALIKE):
                return rest, label
    return None


def _renamed(column: str, task: Task) -> str:
    of = _of_label(column, task)
    return "labels" if of is None else f"labels.{of[1]}"


def _known(name: Any, task: Task) -> bool:
    if isinstance(name, bool) or not isinstance(name, str | int):
        return False
    wanted = folded(str(name))
    return any(wanted == folded(label.name) or wanted in label.aliases for label in task.labels)


def _parsed(value: Any) -> Any:
    """What a text cell of a table holds: JSON, or itself."""
    if isinstance(value, str) and len(value) <= LONGEST_CELL and value.strip()[:1] in tuple('[{"0123456789'):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _bare(name: str) -> str:
    """A name without case, spaces and signs; the letters of any script stay."""
    return re.sub(r"[\W_]+", "", folded(name))


def columns_of(items: Iterable[Item], task: Task, into: Columns) -> Iterator[Item]:
    """The ``items`` as they come, each taken in ``into``."""
    for item in items:
        into.add(item, task)
        yield item
