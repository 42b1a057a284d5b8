"""Losses against the formula by hand, gradients against numbers, repetitions against counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.classifiers.objectives import OBJECTIVES, repeated

torch = pytest.importorskip("torch")

LOGITS = [[1.0, -2.0, 0.5], [0.0, 0.0, 3.0]]
TARGETS = [[0.7, 0.2, 0.1], [0.0, 1.0, 0.0]]


def by_hand(kind: str) -> float:
    """The formula, in plain Python."""
    total = 0.0
    for logits, targets in zip(LOGITS, TARGETS, strict=True):
        norm = math.log(sum(math.exp(x) for x in logits))
        for logit, target in zip(logits, targets, strict=True):
            total -= target * (logit - norm)
            if kind == "kl" and target:
                total += target * math.log(target)
    return total / len(LOGITS)


@pytest.mark.parametrize("name", OBJECTIVES.names())
def test_the_loss_is_the_formula(name: str) -> None:
    loss = OBJECTIVES.get(name).loss
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-6)):
        found = loss(torch.tensor(LOGITS, dtype=dtype), torch.tensor(TARGETS, dtype=dtype))
        assert float(found) == pytest.approx(by_hand(name), abs=tolerance)


@pytest.mark.parametrize("name", OBJECTIVES.names())
def test_the_gradient_is_the_numerical_one(name: str) -> None:
    logits = torch.tensor(LOGITS, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor(TARGETS, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: OBJECTIVES.get(name).loss(x, targets), (logits,))


@pytest.mark.parametrize("name", OBJECTIVES.names())
def test_it_is_no_binary_cross_entropy(name: str) -> None:
    """What transformers would silently choose for float targets."""
    logits, targets = torch.tensor(LOGITS), torch.tensor(TARGETS)
    binary = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)
    assert abs(float(OBJECTIVES.get(name).loss(logits, targets)) - float(binary)) > 0.1


def test_half_precision_is_computed_in_float32() -> None:
    logits = torch.tensor(LOGITS, dtype=torch.bfloat16)
    found = OBJECTIVES.get("soft-cross-entropy").loss(logits, torch.tensor(TARGETS))
    assert found.dtype == torch.float32
    assert float(found) == pytest.approx(by_hand("soft"), abs=0.02)


@given(counts=st.lists(st.integers(0, 6), min_size=2, max_size=5).filter(any))
def test_labels_are_repeated_as_often_as_they_were_given(counts: list[int]) -> None:
    rows = repeated(np.array(counts) / sum(counts), sum(counts))
    assert rows.sum(axis=0).tolist() == counts
    assert (rows.sum(axis=1) == 1).all()


@given(shares=st.lists(st.floats(0.01, 1), min_size=2, max_size=5), times=st.integers(1, 20))
def test_repetitions_are_within_one_of_their_share(shares: list[float], times: int) -> None:
    target = np.array(shares) / sum(shares)
    found = repeated(target, times).sum(axis=0)
    assert found.sum() == times
    assert (np.abs(found - target * times) < 1 + 1e-9).all()
