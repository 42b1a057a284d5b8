"""The names of labels, found in the data itself: in what annotators chose, in references and in what models say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from labeldist.core.errors import InputError, Place, UsageError, shown
from labeldist.core.spelling import folded, nfc
from labeldist.core.task import NOMINAL, ORDINAL, Task
from labeldist.datasets.columns import gathered
from labeldist.datasets.evidence_rows import SAID
from labeldist.datasets.jsonl import Rows
from labeldist.datasets.odd_labels import refuse_odd
from labeldist.tasks.labels import as_numbers, labels_task
from labeldist.tasks.load import load_task

MOST_KEPT = 10_000  # of the ways in which names stand together
MOST_NAMES = 200  # more than that is a column of something else
RARE = 0.005  # of all labels
NO_SLIP = 3  # times that a label is there which is no slip
ROWS_OF_EVIDENCE = 1_000  # of a file of distributions, whose rows nearly always name every label


@dataclass(frozen=True, slots=True)
class FoundLabels:
    """A task whose labels were found in the data, and a sentence that says so."""

    task: Task
    told: str


def found_labels(rows: Rows, evidence: Iterable[Rows], place: Place, scale: str | None = None) -> FoundLabels | None:
    """The labels of the items in ``rows`` and of the files of ``evidence``; None where there are none.

    Numbers come in the order of their values, names by how often annotators chose them; the sentence tells which are
    hardly used: these may be slips. Where most labels are names of the default task, or its letters, the labels
    are that task's. Bad rows are passed over: whoever reads the items refuses them. Raises :class:`InputError` for a
    single label, or for more than MOST_NAMES; :class:`UsageError` for an ordinal ``scale`` of names that are no
    numbers, since nothing tells their order.

    >>> rows = [{"labels": ["ok", "toxic", "ok"]}, {"labels": {"ok": 2, "toxic": 1}}]
    >>> found = found_labels(iter([(Place(), row) for row in rows]), [], Place())
    >>> found.task.label_names, found.told
    (('ok', 'toxic'), 'labels found in the data, by frequency: ok, toxic')
    """
    found = _Names(place)
    for _, row in rows:
        if isinstance(row, Mapping):
            found.add_row(row)
    for file in evidence:
        for _, row in islice(file, ROWS_OF_EVIDENCE):
            if isinstance(row, Mapping):
                found.name_said(row)
    times = _merged(found.spellings())
    if not times:
        return None
    refuse_odd(times, place)
    names, default = [*times], load_task()
    if _mostly_of(times, default) and scale in (None, default.scale):
        more = _more_than(times, default)
        if not more:
            return FoundLabels(default, f"labels found in the data: those of the task {default.name}")
        told = ", ".join(f"{name} ({times[name]:,})" for name in more)
        told = f"labels found in the data: those of the task {default.name}, and {told}; --missing drops what is none"
        return FoundLabels(labels_task([*default.label_names, *more], scale=scale or NOMINAL), told)
    if len(names) == 1:
        raise InputError(
            f"the label {shown(names[0])} and no other",
            expected="two labels or more",
            place=place,
            hint="name all that annotators could choose, also those that none did: --labels toxic,ok",
        )
    values = as_numbers(names)
    if values is not None:
        names = [name for _, name in sorted(zip(values, names, strict=True))]
    elif scale == ORDINAL:
        raise UsageError(
            f"an ordinal scale of the labels {shown(', '.join(names))}, whose order nothing tells",
            hint="name them from lowest to highest: --labels low,medium,high --scale ordinal",
        )
    how = "by frequency" if values is None else "by value"
    rare = [f"{name} ({times[name]:,})" for name in names if 0 < times[name] < RARE * sum(times.values())]
    told = f"labels found in the data, {how}: {', '.join(names)}"
    told += f"; hardly used: {', '.join(rare)} (--labels a,b,c names those that there are)" if rare else ""
    return FoundLabels(labels_task(names, scale=scale or NOMINAL), told)


class _Names:
    """How often each name was chosen, as it is written; whole numbers are names, too."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._times: dict[str | int, int] = {}
        self._named: set[tuple[Any, ...]] = set()  # what was named together: most rows name the same
        self._most = MOST_NAMES

    def add_row(self, row: Mapping[str, Any]) -> None:
        """What annotators chose, with how often; what references and evidence name, 0 times."""
        try:
            row = gathered(row, self._place)
        except InputError:
            return
        labels = row.get("labels")
        if isinstance(labels, Mapping):
            for name, times in labels.items():
                self._choose(name, int(times) if isinstance(times, int | float) and 0 < times < 1e9 else 0)
        elif isinstance(labels, list | tuple):
            times = self._times
            for entry in labels:
                name = entry.get("label") if type(entry) is dict or isinstance(entry, Mapping) else entry
                if type(name) is str and name in times:  # a million items have millions of labels
                    times[name] += 1
                else:
                    self._choose(name)
        if isinstance(reference := row.get("reference"), Mapping):
            self.name(reference)
        if isinstance(evidence := row.get("evidence"), Mapping):
            for said in evidence.values():
                if isinstance(said, Mapping):
                    self.name_said(said)

    def name_said(self, row: Mapping[str, Any]) -> None:
        """The labels that a row of evidence names."""
        try:
            row = gathered(row, self._place, SAID)
        except InputError:
            return
        for part in SAID:
            if isinstance(said := row.get(part), Mapping):
                self.name(said)

    def name(self, names: Iterable[Any]) -> None:
        """These names are used, were they ever chosen or not."""
        known = tuple(names)
        if known in self._named:
            return
        if len(self._named) < MOST_KEPT:
            self._named.add(known)
        for name in known:
            self._choose(name, 0)

    def _choose(self, name: Any, times: int = 1) -> None:
        if type(name) is not str and type(name) is not int:  # True is no name
            return
        before = self._times.get(name)
        self._times[name] = (before or 0) + times
        if before is None and len(self._times) > self._most:
            self._check()

    def _check(self) -> None:
        """Spellings may be many of few names."""
        names = self.spellings()
        if len(names) > MOST_NAMES:
            raise InputError(
                f"more than {MOST_NAMES} different labels, {shown([*names][-1])} among them",
                expected="labels that many items share",
                place=self._place,
                hint="if these are the labels, name them all: --labels a,b,c",
            )
        self._most = 2 * len(self._times)

    def spellings(self) -> Counter[str]:
        """How often each name was chosen, without spaces around it and in one Unicode form."""
        found: Counter[str] = Counter()
        for name, times in self._times.items():
            if text := nfc(str(name).strip()):
                found[text] += times
        return found


def _merged(spellings: Counter[str]) -> dict[str, int]:
    """How often each name was chosen, the most frequent first, in its most frequent spelling: case is no difference."""
    alike: dict[str, Counter[str]] = {}
    for name, times in spellings.items():
        alike.setdefault(folded(name), Counter())[name] += times
    names = {max(forms, key=lambda name: (forms[name], name)): sum(forms.values()) for forms in alike.values()}
    return dict(sorted(names.items(), key=lambda pair: (-pair[1], pair[0])))


def _more_than(times: Mapping[str, int], task: Task) -> list[str]:
    """The labels that are none of the task's and no slips; none where the task's own are written by letters."""
    own = {folded(name) for name in task.label_names}
    others = [name for name in times if folded(name) not in own]
    if any(folded(name) in label.aliases for name in others for label in task.labels):
        return []
    return [name for name in others if times[name] >= NO_SLIP]


def _mostly_of(times: Mapping[str, int], task: Task) -> bool:
    """Whether most labels are two or more of the task's, by name or letter; digits are labels of many tasks."""
    known = {
        spelling
        for label in task.labels
        for spelling in (folded(label.name), *label.aliases)
        if not spelling.isdecimal()
    }
    own = [name for name in times if folded(name) in known]
    chosen = sum(times[name] for name in own)
    return (len(own) > 1 or len(own) == len(times)) and 2 * chosen >= sum(times.values())
