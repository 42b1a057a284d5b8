"""Distributions over the labels of a task, and the scores of options they are made from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labeldist.core.errors import InputError, shown

SUM_TOLERANCE = 1e-4
PSEUDO_COUNT = 0.5  # for each label, where counts alone would make certain what they cannot tell (Jeffreys)


@dataclass(frozen=True, slots=True)
class LabelDistribution:
    """A probability for each label of a task, in the task's label order.

    >>> LabelDistribution(("yes", "no"), (0.25, 0.75)).as_dict()
    {'yes': 0.25, 'no': 0.75}
    """

    labels: tuple[str, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.probabilities):
            raise InputError(
                f"{len(self.probabilities)} probabilities for {len(self.labels)} labels",
                expected="one probability per label",
            )
        total = math.fsum(self.probabilities) if min(self.probabilities, default=0) >= 0 else math.nan
        if not math.isfinite(total):
            raise InputError(shown(self.as_dict()), expected="finite probabilities of at least 0")
        if abs(total - 1) > SUM_TOLERANCE:
            raise InputError(f"probabilities that sum to {total:.6g}", expected="a sum of 1")

    def as_dict(self) -> dict[str, float]:
        """``{label: probability}``, in label order."""
        return dict(zip(self.labels, self.probabilities, strict=True))


def proportions(weights: Mapping[str, float], labels: Sequence[str]) -> LabelDistribution:
    """The distribution in proportion to ``weights`` (counts or probabilities); labels without a weight get 0.

    Raises :class:`InputError` for a label that is not in ``labels``, a negative or non-finite weight, or a
    total of 0.

    >>> proportions({"no": 3, "yes": 1}, ["yes", "no"]).probabilities
    (0.25, 0.75)
    """
    return LabelDistribution(tuple(labels), shares(weights, labels))


def shares(weights: Mapping[str, float], labels: Sequence[str]) -> tuple[float, ...]:
    """The probabilities alone of :func:`proportions`, for those who read many.

    >>> shares({"no": 3, "yes": 1}, ["yes", "no"])
    (0.25, 0.75)
    """
    for label in weights:
        if label not in labels:
            raise InputError(f"label {shown(label)}", expected=f"one of: {', '.join(labels)}")
    values = [float(weights.get(label, 0.0)) for label in labels]
    total = math.fsum(values) if min(values) >= 0 and max(values) < math.inf else math.nan
    if math.isnan(total):
        raise InputError(shown(dict(weights)), expected="finite numbers of at least 0")
    if total <= 0:
        raise InputError(shown(dict(weights)), expected="at least one number above 0")
    return tuple([value / total for value in values])


@dataclass(frozen=True, slots=True)
class OptionScores:
    """What a model says of the options of one prompt: a logit per label, and the whole vocabulary's total.

    ``logits`` are in the task's label order, whatever order the options stood in. ``log_total`` is the
    log-sum-exp of all logits of the vocabulary, so ``logit - log_total`` is a log-probability; where ``raw``
    is false the logits are such log-probabilities already (a server's, say) and ``log_total`` is 0. Where several
    tokens mean one option, ``logits`` sums their probabilities and ``likeliest`` has the logit of the likeliest token
    alone, which is a raw logit where a sum is not; empty where each option is one token. ``unlisted``: for how many
    options the model gave no more than an upper bound, which stands for the score.

    >>> OptionScores(("yes", "no"), (0.0, 0.0), log_total=math.log(4)).answer_mass
    0.5
    """

    labels: tuple[str, ...]
    logits: tuple[float, ...]
    log_total: float
    raw: bool = True
    likeliest: tuple[float, ...] = ()
    unlisted: int = 0

    @property
    def answer_mass(self) -> float:
        """Probability that the model's next token is one of the answers at all (before renormalising)."""
        return math.fsum(math.exp(logit - self.log_total) for logit in self.logits)
