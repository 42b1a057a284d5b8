"""What a classifier is trained to do with a distribution over labels: three objectives by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labeldist.core.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor

Loss = Callable[["Tensor", "Tensor"], "Tensor"]


@dataclass(frozen=True, slots=True)
class Objective:
    """``loss`` of logits and targets, both (N, K): the mean over the N items, in nats.

    ``repeats``: whether each item is shown once for each of its labels, as if it had only that one.
    """

    loss: Loss
    repeats: bool = False


OBJECTIVES: Registry[Objective] = Registry("training objective", group="labeldist.objectives", part_type=Objective)


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean over items of -sum_k t_k ln softmax(logits)_k: (N, K), (N, K) -> ().

    Computed in float32 whatever the logits are. Source: arXiv 2412.13942, section 5.

    >>> import torch
    >>> float(soft_cross_entropy(torch.zeros(1, 2), torch.tensor([[0.25, 0.75]])))  # doctest: +ELLIPSIS
    0.69314...
    """
    logarithms = logits.log_softmax(dim=-1) if logits.dtype.itemsize >= 4 else logits.float().log_softmax(dim=-1)
    return -(targets.to(logarithms.dtype) * logarithms).sum(dim=-1).mean()


def kl_divergence(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean over items of KL(t || softmax(logits)): (N, K), (N, K) -> ().

    It is the cross-entropy less the entropy of the targets: its gradient is the same, its lowest value is 0.

    >>> import torch
    >>> float(kl_divergence(torch.zeros(1, 2), torch.tensor([[0.5, 0.5]])))
    0.0
    """
    entropy = -(targets * targets.clamp_min(1e-38).log()).sum(dim=-1).mean()
    return soft_cross_entropy(logits, targets) - entropy


OBJECTIVES.add("soft-cross-entropy")(Objective(soft_cross_entropy))
OBJECTIVES.add("kl")(Objective(kl_divergence))
# Each repetition has one label, so the loss is that of hard labels.
OBJECTIVES.add("label-repetition")(Objective(soft_cross_entropy, repeats=True))


def repeated(target: NDArray[np.float64], times: int) -> NDArray[np.float64]:
    """``times`` rows (times, K), each with one label for certain, labels as often as ``target`` (K,) says.

    Shares that do not come out even go to the largest remainders, the first label first. Repeated labelling, as in
    Uma et al. 2021, Learning from Disagreement: A Survey (JAIR 72).

    >>> repeated(np.array([0.5, 0.3, 0.2]), 4).sum(axis=0)
    array([2., 1., 1.])
    """
    exact = target / target.sum() * times
    counts = np.floor(exact + 1e-9).astype(int)
    remainder = exact - counts
    for at in np.argsort(-remainder, kind="stable")[: times - counts.sum()]:
        counts[at] += 1
    rows: NDArray[np.float64] = np.eye(len(target))[np.repeat(np.arange(len(target)), counts)]
    return rows
