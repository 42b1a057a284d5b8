"""``labeldist.describe``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Unpack

from labeldist.api.read import Reading, opened
from labeldist.core.frames import frame_of
from labeldist.core.shown import html_table
from labeldist.datasets.read_report import ReadReport


@dataclass(frozen=True)
class Description:
    """What a source holds.

    ``label_counts``: how many annotations chose each label. ``annotators``: how many are named; 0 where labels are
    counts. ``labels_per_item``: {number of labels: items with so many}. ``with_reference``: items that have one.
    ``failures``: rows that were skipped. ``told``: where the labels come from.
    """

    name: str
    items: int
    annotators: int
    label_counts: Mapping[str, int]
    labels_per_item: Mapping[int, int]
    with_reference: int
    evidence: tuple[str, ...] = ()
    failures: tuple[Mapping[str, Any], ...] = ()
    told: str = ""
    kind: str | None = None

    def to_frame(self, kind: str | None = None) -> Any:
        """A data frame with a row per label: how often it was chosen, and its share.

        Of ``kind`` (pandas, polars, pyarrow), else of the library that the labels came from, else of one that is
        installed. Raises :class:`~labeldist.core.errors.UsageError` where none is.
        """
        return frame_of(
            {"label": [*self.label_counts], "count": [*self.label_counts.values()], "share": self._shares()},
            kind or self.kind,
        )

    def _shares(self) -> list[float]:
        total = sum(self.label_counts.values()) or 1
        return [count / total for count in self.label_counts.values()]

    def __repr__(self) -> str:
        each = ", ".join(f"{items:,} with {labels:,}" for labels, items in sorted(self.labels_per_item.items())[:5])
        more = ", ..." if len(self.labels_per_item) > 5 else ""
        who = f", {self.annotators:,} annotators" if self.annotators else ""
        counts = ", ".join(f"{label} {count:,}" for label, count in self.label_counts.items())
        return f"Description({self.name}: {self.items:,} items{who}; labels per item: {each}{more}; {counts})"

    def _repr_html_(self) -> str:
        rows = zip(self.label_counts, self.label_counts.values(), self._shares(), strict=True)
        return html_table(["label", "count", "share"], rows, "; ".join(filter(None, (repr(self), self.told))))


def describe(source: Any, **how: Unpack[Reading]) -> Description:
    """What ``source`` holds: items, annotators, labels. ``source`` and ``how`` are as for :func:`labeldist.read`.

    >>> from labeldist.core.item import Annotation, Item
    >>> describe([Item("1", {}, (Annotation("ok", "ann"), Annotation("toxic", "bob")))])
    Description(the items: 1 items, 2 annotators; labels per item: 1 with 2; ok 1, toxic 1)
    """
    dataset = opened(source, how)
    report = ReadReport()
    annotators: set[str] = set()
    counts, each = Counter[str](), Counter[int]()
    items = with_reference = 0
    evidence: dict[str, None] = {}
    for item in dataset.items(report):
        items += 1
        with_reference += item.reference is not None
        evidence |= dict.fromkeys(item.evidence)
        annotators.update(one.annotator for one in item.labels if one.annotator)
        given = item.votes()
        counts.update(given)
        each[sum(given.values())] += 1
    return Description(
        dataset.name,
        items,
        len(annotators),
        {label: counts[label] for label in dataset.task.label_names},
        dict(each),
        with_reference,
        tuple(evidence),
        report.rows(),
        dataset.told,
        dataset.kind,
    )
