"""Items: what annotators judged, with everything that is known of each; what annotators are not known by is counted."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labeldist.core.distribution import LabelDistribution, proportions
from labeldist.core.spelling import nfc

GROUP_SEPARATOR = "/"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One label that one annotator gave; or, where the data only has counts, so many ``times`` by unnamed ones.

    An annotator's name may begin with a group and a slash: ``mnli/3`` belongs to the group ``mnli``.

    >>> Annotation("neutral", "mnli/3").group
    'mnli'
    """

    label: str
    annotator: str | None = None
    times: int = 1

    @property
    def group(self) -> str | None:
        """The group that the annotator's name states, or None."""
        return None if self.annotator is None else group_of(self.annotator)


@functools.lru_cache(maxsize=1 << 14)
def group_of(annotator: str) -> str | None:
    """The group that an annotator's name begins with, or None.

    >>> group_of("mnli/3"), group_of("3")
    ('mnli', None)
    """
    return nfc(annotator).split(GROUP_SEPARATOR, 1)[0] if GROUP_SEPARATOR in annotator else None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A reason for one label, and where it comes from: ``human``, or the name of a model."""

    text: str
    label: str
    source: str = "human"


@dataclass(frozen=True, slots=True)
class Answer:
    """The raw text with which a model listed explanations for a label; kept whatever the parser makes of it."""

    text: str
    label: str
    source: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a model says of an item, as a distribution over the labels.

    ``saw_labels``: did it see this item's labels (None: unknown)? If so, ``leave_one_out`` may have for each label that
    annotators gave the distribution that the model gives when one annotator with that label is left out: what the
    model knows beside the label itself. ``scores``: numbers of at least 0, one per label, that need not sum to 1,
    such as how valid a model finds the label; :meth:`from_scores` makes the distribution of them. ``model``: whose
    answers it is made of, where that is known: one model may give several kinds of evidence.

    >>> without = {"yes": {"yes": 0.5, "no": 0.5}}
    >>> Evidence({"yes": 0.7, "no": 0.3}, saw_labels=True, leave_one_out=without).scores is None
    True
    """

    distribution: Mapping[str, float]
    saw_labels: bool | None = None
    leave_one_out: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    scores: Mapping[str, float] | None = None
    model: str | None = None

    @classmethod
    def from_scores(cls, scores: Mapping[str, float], saw_labels: bool | None = None) -> Evidence:
        """Evidence whose distribution is in proportion to ``scores`` of all labels; uniform where all are 0.

        >>> Evidence.from_scores({"yes": 0.9, "no": 0.3}).distribution
        {'yes': 0.75, 'no': 0.25}
        >>> Evidence.from_scores({"yes": 0, "no": 0}).distribution
        {'yes': 0.5, 'no': 0.5}
        """
        weights = scores if any(scores.values()) else dict.fromkeys(scores, 1.0)
        return cls(proportions(weights, list(scores)).as_dict(), saw_labels, scores=scores)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to judge.

    ``fields`` are the task's texts; ``labels`` one entry per annotator, or per label where only counts are known (see
    :meth:`votes`); ``reference`` counts or probabilities of a dense human distribution, used only to evaluate or to
    calibrate on other items; ``extra`` the columns that labeldist does not know, kept as they are.
    """

    id: str
    fields: Mapping[str, str]
    labels: tuple[Annotation, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    answers: tuple[Answer, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    reference: Mapping[str, float] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def label_counts(self, labels: Sequence[str], group: str | None = None) -> tuple[int, ...]:
        """How often each of ``labels`` was chosen, in that order; by the annotators of ``group`` if one is named.

        >>> item = Item("1", {}, (Annotation("no", "a/1"), Annotation("yes", "b/1"), Annotation("no", "b/2")))
        >>> item.label_counts(["yes", "no"]), item.label_counts(["yes", "no"], group="b")
        ((1, 2), (1, 1))
        """
        counts: dict[str, int] = {}
        for one in self.labels:
            if group is None or one.group == group:
                counts[one.label] = counts.get(one.label, 0) + one.times
        return tuple(counts.get(label, 0) for label in labels)

    def votes(self) -> Counter[str]:
        """How often each label was chosen, in the order in which they first occur.

        >>> Item("1", {}, (Annotation("no", times=2), Annotation("yes"))).votes()
        Counter({'no': 2, 'yes': 1})
        """
        counts: Counter[str] = Counter()
        for one in self.labels:
            counts[one.label] += one.times
        return counts

    def groups(self) -> list[str]:
        """The groups of this item's annotators, in the order in which they first occur."""
        return list(dict.fromkeys(a.group for a in self.labels if a.group is not None))

    def reference_distribution(self, labels: Sequence[str]) -> LabelDistribution | None:
        """The reference as a distribution over ``labels``, or None where the item has none."""
        return None if self.reference is None else proportions(self.reference, labels)
