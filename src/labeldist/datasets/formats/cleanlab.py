"""cleanlab: a matrix of items by annotators with the numbers of their labels, for ``cleanlab.multiannotator``.

Beside ``labels.csv`` there is ``labels.classes.csv`` with the name of each number, and, where items have evidence,
``labels.pred_probs.csv`` with the probability of each label (with its name in the file's, where there is more of it).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.datasets.format import FORMATS, Format
from labeldist.datasets.plain_csv import RUN_BY_SPREADSHEETS, is_formula, write_plain_csv
from labeldist.datasets.tool_items import given_labels, sentences
from labeldist.datasets.written_only import left_out, not_read, recognises_nothing

NAME = "cleanlab"
UNNAMED = "unnamed"
SAFE = "-_. "  # in names of files, beside letters and digits


@dataclass(slots=True)
class _Matrix:
    """What was given to each item, by numbers, and the columns of annotators in the order of their first label."""

    ids: list[str] = field(default_factory=list)
    annotators: dict[str, int] = field(default_factory=dict)
    given: list[dict[int, int]] = field(default_factory=list)  # label by annotator
    evidence: dict[str, dict[int, list[float]]] = field(default_factory=dict)  # by name, then by row

    def add(self, item: Item, labels: Sequence[str], told: Counter[str]) -> None:
        row: dict[int, int] = {}
        nameless = 0
        for who, label in given_labels(item):
            nameless += who is None
            name = f"{UNNAMED} {nameless}" if who is None else who
            at = self.annotators.setdefault(name, len(self.annotators))
            if at in row:
                told["further labels of an annotator are left out"] += 1
            row.setdefault(at, labels.index(label))
        if nameless:
            told[
                f"labels without annotators are in columns {UNNAMED} 1, 2, ..., who are nobody: do not weigh them"
            ] += 1
        for name, said in item.evidence.items():
            self.evidence.setdefault(name, {})[len(self.ids)] = [said.distribution[label] for label in labels]
        self.ids.append(item.id)
        self.given.append(row)


def write(path: Path, items: Iterable[Item], task: Task) -> Sequence[str]:
    """The matrix at ``path``, the labels' names and what models say beside it."""
    told: Counter[str] = Counter()
    matrix, labels = _Matrix(), task.label_names
    for item in items:
        told.update(left_out(item, evidence=False))
        matrix.add(item, labels, told)
    if matrix.ids and any(map(is_formula, (*matrix.ids, *matrix.annotators, *labels))):
        told[RUN_BY_SPREADSHEETS] = sum(map(is_formula, matrix.ids)) or 1
    write_plain_csv(path, ["id", *matrix.annotators], _lines(matrix))
    classes = _beside(path, "classes")
    write_plain_csv(classes, ["number", "label"], ((str(at), label) for at, label in enumerate(labels)))
    more = [f"{classes.name}: which number is which label"]
    for name, said in matrix.evidence.items():
        file = _beside(path, "pred_probs" if len(matrix.evidence) == 1 else f"pred_probs.{_safe(name)}")
        write_plain_csv(file, ["id", *labels], _probabilities(matrix.ids, said, len(labels)))
        lacking = len(matrix.ids) - len(said)
        more.append(f"{file.name}: what {name} says" + (f"; {lacking:,} items have none" if lacking else ""))
    return [*sentences(told), *more]


def _lines(matrix: _Matrix) -> Iterator[list[str]]:
    for id_, row in zip(matrix.ids, matrix.given, strict=True):
        yield [id_, *(str(row[at]) if at in row else "" for at in range(len(matrix.annotators)))]


def _probabilities(ids: Sequence[str], said: dict[int, list[float]], labels: int) -> Iterator[list[str]]:
    for at, id_ in enumerate(ids):
        yield [id_, *(map(repr, map(float, said[at])) if at in said else [""] * labels)]


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.name.removesuffix('.csv')}.{what}.csv")


def _safe(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in SAFE else "_" for sign in name)


FORMATS.add(NAME)(Format(NAME, "cleanlab's items by annotators", recognises_nothing, not_read(NAME), write, (".csv",)))
