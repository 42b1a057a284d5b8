"""Items that were selected by agreement are told from items that were not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.estimation.data import chaosnli, the_341, without_references
from benchmarks.estimation.simulation import Truth, simulated

from labeldist.core.distribution import PSEUDO_COUNT
from labeldist.estimation.dispersion import FEWEST_ITEMS, dispersion
from labeldist.estimation.estimate import estimate_from
from labeldist.estimation.observations import Observations


def is_selected(observed: Observations) -> bool:
    """Whether the estimate from labels alone takes the items for selected."""
    found = estimate_from(without_references(observed)).calibration
    assert found.dispersion is not None
    assert found.fitted is not found.dispersion.selected
    if found.dispersion.selected:
        assert found.concentration == PSEUDO_COUNT * len(observed.labels)
        assert any("selected by agreement" in note for note in found.notes)
    return found.dispersion.selected


@pytest.mark.parametrize("name", ["chaosnli-snli", "chaosnli-mnli"])
def test_the_own_labels_of_chaosnli_are_selected(real: Path, name: str) -> None:
    assert is_selected(chaosnli(name))


def test_mnli_labels_of_the_341_are_selected_and_varierr_labels_are_not(real: Path) -> None:
    assert is_selected(the_341("mnli"))
    assert is_selected(the_341(None))
    assert not is_selected(the_341("varierr"))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("concentration", [0.5, 3.0, 50.0])
def test_data_of_the_model_are_not_selected(seed: int, concentration: float) -> None:
    truth = Truth(np.array([0.3, 0.0, -0.3]), np.array([0.8]), concentration)
    assert not is_selected(simulated(truth, 400, 3, seed)[0])


@pytest.mark.parametrize("seed", range(3))
def test_votes_drawn_from_100_are_not_selected(real: Path, seed: int) -> None:
    known = chaosnli("chaosnli-mnli")
    assert known.reference is not None
    counts = np.random.default_rng(seed).multinomial(5, known.reference).astype(float)
    assert not is_selected(Observations(known.labels, known.ids, counts))


def test_unanimous_items_are_not_selected() -> None:
    counts = np.eye(3)[np.arange(300) % 3] * 4
    found = dispersion(counts, np.full((300, 3), 1 / 3), 0.2)
    assert found is not None
    assert not found.selected


def test_only_the_commonest_number_of_labels_is_compared_and_it_must_be_common() -> None:
    """Where further annotators are asked on disagreement, their number tells of agreement: nothing was selected."""
    generator = np.random.default_rng(0)
    shares = generator.dirichlet([1.0, 1.0, 1.0], 1000)
    first = generator.multinomial(2, shares).astype(float)
    third = np.stack([generator.multinomial(1, share) for share in shares])
    counts = first + third * (first.max(axis=1) < 2)[:, None]
    prior = np.full((1000, 3), 1 / 3)
    assert dispersion(counts, prior, 3.0) is None
    agreed = counts[counts.sum(axis=1) == 2]
    found = dispersion(np.vstack([agreed, counts[:50]]), prior[: len(agreed) + 50], 3.0)
    assert found is not None
    assert not found.selected


def test_few_items_are_not_tested() -> None:
    prior = np.full((FEWEST_ITEMS, 2), 0.5)
    assert dispersion(np.tile([3.0, 2.0], (FEWEST_ITEMS - 1, 1)), prior[1:], 5.0) is None
    assert dispersion(np.tile([1.0, 0.0], (FEWEST_ITEMS, 1)), prior, 5.0) is None
    assert dispersion(np.tile([3.0, 2.0], (FEWEST_ITEMS, 1)), prior, 5.0) is not None
