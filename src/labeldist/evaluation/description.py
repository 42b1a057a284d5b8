"""The record of a description: what a source holds, how much its annotators agree, who and what stands out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from labeldist.core.frames import frame_of
from labeldist.evaluation.agreement import Agreement
from labeldist.evaluation.annotators import Annotator
from labeldist.evaluation.by_group import Group
from labeldist.evaluation.evaluation import Interval
from labeldist.evaluation.metric import Array
from labeldist.evaluation.problems import Problem
from labeldist.pictures.beside import side_by_side
from labeldist.pictures.counts import label_counts, labels_per_item
from labeldist.pictures.forest import forest
from labeldist.pictures.table import html_table


@dataclass(frozen=True, slots=True)
class LearntBias:
    """How much more of each label an annotator gives than all do, as logarithms of weights: ``bias`` and its standard
    ``errors``, learnt beside the distributions of the items, from so many ``labels``.
    """

    name: str
    labels: int
    bias: Mapping[str, float]
    errors: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item to look at: its texts, how often each label was given, and the chance that two further annotators would
    choose different ones.
    """

    id: str
    texts: Mapping[str, str]
    label_counts: Mapping[str, int]
    disagreement: float


@dataclass(frozen=True, slots=True)
class OfItems:
    """Every item: ``ids`` (N), how often each label was given (``counts``: N, K), and the ``disagreement`` (N)."""

    ids: tuple[str, ...]
    counts: Array
    disagreement: Array


@dataclass(frozen=True, repr=False)
class Description:
    """What a source holds.

    ``label_counts``: how many annotations chose each label. ``annotators``: how many are named; 0 where labels are
    counts. ``labels_per_item``: {number of labels: items with so many}. ``with_reference``: items that have one.
    ``failures``: rows that were skipped. ``told``: where the labels come from. ``agreement``: of all annotations, each
    label's share among it. ``each_annotator``: those who stand out first; ``biases``: where they help to tell held-out
    labels. ``by`` and ``groups``: what annotations were grouped by, and each group. ``shown``: the items that were
    asked for. ``of_items``: all of them, as arrays.
    """

    name: str
    items: int
    annotators: int
    label_counts: Mapping[str, int]
    labels_per_item: Mapping[int, int]
    with_reference: int
    agreement: Agreement
    of_items: OfItems
    evidence: tuple[str, ...] = ()
    failures: tuple[Mapping[str, Any], ...] = ()
    told: str = ""
    kind: str | None = None
    each_annotator: tuple[Annotator, ...] = ()
    by: str | None = None
    groups: tuple[Group, ...] = ()
    shown: tuple[ShownItem, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    resamples: int = 0
    seed: int = field(default=0)
    biases: tuple[LearntBias, ...] = ()

    def standing_out(self) -> list[Annotator]:
        """The annotators whose labels differ from others' on the same items by more than chance."""
        return [one for one in self.each_annotator if one.stands_out]

    def to_frame(self, kind: str | None = None) -> Any:
        """A data frame with a row per label: how often it was chosen, and its share with the ends of its interval.

        Of ``kind`` (pandas, polars, pyarrow), else of the library that the labels came from, else of one that is
        installed; so are the other frames. Raises :class:`~labeldist.core.errors.UsageError` where none is.
        """
        shares = [self.agreement.shares[label] for label in self.label_counts]
        columns: dict[str, list[Any]] = {
            "label": [*self.label_counts],
            "count": [*self.label_counts.values()],
            "share": self._shares(),
            "share.low": [one.low for one in shares],
            "share.high": [one.high for one in shares],
        }
        return frame_of(columns, kind or self.kind)

    def annotators_frame(self, kind: str | None = None) -> Any:
        """A data frame with a row per annotator, those who stand out first; see :class:`Annotator`."""
        people = self.each_annotator
        columns: dict[str, list[Any]] = {
            name: [getattr(one, name) for one in people]
            for name in ("name", "items", "labels", "compared", "agreement", "chance", "label", "chosen", "expected")
        }
        for label in self.label_counts:
            columns[f"share.{label}"] = [one.shares[label] for one in people]
            columns[f"others.{label}"] = [one.others[label] for one in people]
        return frame_of(columns, kind or self.kind)

    def groups_frame(self, kind: str | None = None) -> Any:
        """A data frame with a row per group and label: share and difference from the others, each with its interval."""
        rows = [(group, label) for group in self.groups for label in self.label_counts]
        shares = [group.agreement.shares[label] for group, label in rows]
        apart = [group.difference.get(label, UNDEFINED) for group, label in rows]
        columns: dict[str, list[Any]] = {
            "group": [group.name for group, _ in rows],
            "label": [label for _, label in rows],
            "annotators": [group.annotators for group, _ in rows],
            "labels": [group.labels for group, _ in rows],
        }
        for name, values in (("share", shares), ("difference", apart)):
            columns |= {
                name: [one.value for one in values],
                f"{name}.low": [one.low for one in values],
                f"{name}.high": [one.high for one in values],
            }
        return frame_of(columns, kind or self.kind)

    def items_frame(self, kind: str | None = None) -> Any:
        """A data frame with a row per item: how many labels of each kind, and its disagreement."""
        columns: dict[str, Any] = {"id": list(self.of_items.ids)}
        for label, counts in zip(self.label_counts, self.of_items.counts.T.astype(np.int64), strict=True):
            columns[f"labels.{label}"] = counts.tolist()
        columns["disagreement"] = self.of_items.disagreement.tolist()
        return frame_of(columns, kind or self.kind)

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it, but for the items that were not asked for; undefined numbers are None."""
        return {
            "name": self.name,
            "items": self.items,
            "annotators": self.annotators,
            "label_counts": dict(self.label_counts),
            "labels_per_item": {str(number): items for number, items in sorted(self.labels_per_item.items())},
            "with_reference": self.with_reference,
            "evidence": [*self.evidence],
            "agreement": _agreement(self.agreement),
            "by": self.by,
            "groups": [_group(group) for group in self.groups],
            "each_annotator": [_plain(asdict(one) | {"stands_out": one.stands_out}) for one in self.each_annotator],
            "annotator_biases": [asdict(one) for one in self.biases],
            "shown": [asdict(one) for one in self.shown],
            "problems": [asdict(one) for one in self.problems],
            "notes": [*self.notes],
            "told": self.told,
            "failures": [*self.failures],
            "resamples": self.resamples,
            "seed": self.seed,
        }

    def _shares(self) -> list[float]:
        total = sum(self.label_counts.values()) or 1
        return [count / total for count in self.label_counts.values()]

    def __repr__(self) -> str:
        each = ", ".join(f"{items:,} with {labels:,}" for labels, items in sorted(self.labels_per_item.items())[:5])
        more = ", ..." if len(self.labels_per_item) > 5 else ""
        who = f", {self.annotators:,} annotators" if self.annotators else ""
        counts = ", ".join(f"{label} {count:,}" for label, count in self.label_counts.items())
        alpha = next(iter(self.agreement.alpha.values())).value
        agree = "" if math.isnan(alpha) else f"; alpha {alpha:.3f}"
        return f"Description({self.name}: {self.items:,} items{who}; labels per item: {each}{more}; {counts}{agree})"

    def _repr_html_(self) -> str:
        rows = zip(self.label_counts, self.label_counts.values(), self._shares(), strict=True)
        out = [one.name for one in self.standing_out()]
        named = f"stand out: {', '.join(out[:5])}{', ...' if len(out) > 5 else ''}" if out else ""
        problems = (one.in_words() for one in self.problems)
        told = "; ".join(filter(None, (repr(self), named, *problems, self.told)))
        return html_table(["label", "count", "share"], rows, told, above=self._pictures())

    def _pictures(self) -> str:
        known = {f"alpha, {level}": one for level, one in self.agreement.alpha.items()}
        known["unanimous items"] = self.agreement.unanimous
        rows = [(name, one.value, one.low, one.high, False) for name, one in known.items()]
        agreed = forest(rows, "agreement", better="1 is full")
        return side_by_side(label_counts(self.label_counts), labels_per_item(self.labels_per_item), agreed)


UNDEFINED = Interval(math.nan, math.nan, math.nan, 0)


def _agreement(found: Agreement) -> dict[str, Any]:
    return {
        "items": found.items,
        "compared": found.compared,
        "alpha": {level: one.as_dict() for level, one in found.alpha.items()},
        "unanimous": found.unanimous.as_dict(),
        "shares": {label: one.as_dict() for label, one in found.shares.items()},
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "annotators": group.annotators,
        "labels": group.labels,
        "agreement": _agreement(group.agreement),
        "both": group.both,
        "own": dict(group.own),
        "difference": {label: one.as_dict() for label, one in group.difference.items()},
    }


def _plain(value: Any) -> Any:
    """``value`` with None for NaN."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
