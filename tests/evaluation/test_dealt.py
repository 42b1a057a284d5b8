"""The permutation test of D.Corr, beside all deals counted one by one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from labeldist.evaluation.dealt import dealt
from labeldist.evaluation.metrics.dcorr import dcorr


def test_the_chance_of_as_much_is_that_of_all_deals() -> None:
    draw = np.random.default_rng(1)
    people = draw.dirichlet([1, 1, 1], 6)
    said = 0.5 * people + 0.5 * draw.dirichlet([1, 1, 1], 6)
    equal = np.full((1, 6), 1 / 6)
    every = np.array([dcorr(people, said[list(order)], equal)[0] for order in permutations(range(6))])
    found = dealt(people, said, deals=4_000)
    assert found.dcorr == pytest.approx(every[0])
    exact = (every >= every[0] - 1e-12).mean()
    assert 0.02 < exact < 0.5
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4_000))


def test_noise_is_found_no_oftener_than_by_chance() -> None:
    draw = np.random.default_rng(2)
    chances = [dealt(draw.dirichlet([1, 1], 25), draw.dirichlet([1, 1], 25), deals=200, seed=at).p for at in range(200)]
    assert sum(chance <= 0.1 for chance in chances) <= 32, "20 are to expect, 32 in one of 200 cases"
    assert 0.4 < np.mean(chances) < 0.6


def test_where_all_is_the_same_nothing_is_told() -> None:
    people, same = np.random.default_rng(3).dirichlet([1, 1], 25), np.full((25, 2), 0.5)
    for pair in ((people, same), (same, people)):
        found = dealt(*pair)
        assert np.isnan([found.dcorr, found.by_chance, found.p]).all()
