"""What named people said of many items, annotation by annotation, as arrays: 1,000,000 take about 30 MB."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labeldist.core.item import Item
from labeldist.core.spelling import same_person
from labeldist.evaluation.metric import Array

NOBODY = -1  # the annotator of a label without a name, the group of one without a group


@dataclass(frozen=True, slots=True)
class Annotations:
    """Entry by entry which item it is of (its row), who gave it, as one of which group, which label, how many times.

    ``annotator`` and ``group`` are places in ``annotators`` and ``groups``, or NOBODY.
    """

    labels: tuple[str, ...]
    ids: tuple[str, ...]
    annotators: tuple[str, ...]
    groups: tuple[str, ...]
    row: NDArray[np.int64]
    annotator: NDArray[np.int32]
    group: NDArray[np.int32]
    label: NDArray[np.int32]
    times: NDArray[np.int64]

    def counts(self, some: NDArray[np.bool_] | None = None) -> Array:
        """How often each label was given to each item (N, K), of all entries or of ``some``."""
        kept = slice(None) if some is None else some
        shape = len(self.ids), len(self.labels)
        cells = self.row[kept] * shape[1] + self.label[kept]
        counts = np.bincount(cells, weights=self.times[kept], minlength=shape[0] * shape[1])
        return counts.reshape(shape).astype(np.float64, copy=False)


class AnnotationLog:
    """Takes in items one by one.

    >>> from labeldist.core.item import Annotation
    >>> log = AnnotationLog(["no", "yes"])
    >>> log.add(Item("1", {}, (Annotation("no", "ann"), Annotation("yes", times=2))), ["women", None])
    >>> found = log.annotations()
    >>> found.counts().tolist(), found.annotators, found.annotator.tolist(), found.groups
    ([[1.0, 2.0]], ('ann',), [0, -1], ('women',))
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self._labels = {label: place for place, label in enumerate(labels)}
        self._ids: list[str] = []
        self._annotators: dict[str, int] = {}
        self._groups: dict[str, int] = {}
        self._row, self._times = array("q"), array("q")
        self._annotator, self._group, self._label = array("i"), array("i"), array("i")

    @property
    def groups(self) -> int:
        """How many groups there are so far."""
        return len(self._groups)

    def add(self, item: Item, groups: Sequence[str | None]) -> None:
        """Take in an item's labels; ``groups``: the group of each."""
        annotators, of_group, said = self._annotators, self._groups, item.labels
        self._row.extend([len(self._ids)] * len(said))
        self._ids.append(item.id)
        names = [one.annotator for one in said]
        self._annotator.extend(
            [NOBODY if name is None else annotators.setdefault(same_person(name), len(annotators)) for name in names]
        )
        self._group.extend([NOBODY if one is None else of_group.setdefault(one, len(of_group)) for one in groups])
        self._label.extend([self._labels[one.label] for one in said])
        self._times.extend([one.times for one in said])

    def annotations(self) -> Annotations:
        """All of them; nothing may be added afterwards."""
        return Annotations(
            tuple(self._labels),
            tuple(self._ids),
            tuple(self._annotators),
            tuple(self._groups),
            np.frombuffer(self._row, dtype=np.int64),
            np.frombuffer(self._annotator, dtype=np.int32),
            np.frombuffer(self._group, dtype=np.int32),
            np.frombuffer(self._label, dtype=np.int32),
            np.frombuffer(self._times, dtype=np.int64),
        )
