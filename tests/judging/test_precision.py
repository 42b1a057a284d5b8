"""The standard error against the error itself, over all seeds and items of made-up judges with known effects."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from labeldist.judging.designs import balanced_pairs
from labeldist.judging.precision import standard_errors

Floats = NDArray[np.float64]
Row = tuple[int, ...]
SEEDS = 12


def numbered(things: int) -> dict[Row, int]:
    return {row: at for at, row in enumerate(itertools.permutations(range(things)))}


def effects(things: int, items: int, size: float, chance: np.random.Generator, parts: int = 1) -> Floats:
    """What each order is worth to each item (items, orders): the sum of what ``parts`` things in their places are."""
    if things < parts:
        return np.zeros((items, 1))
    table = chance.normal(0, size, (items, *(things,) * (2 * parts)))
    groups = list(itertools.permutations(range(things), parts))
    return np.stack(
        [sum(table[(slice(None), *group, *(row[at] for at in group))] for group in groups) for row in numbered(things)],
        1,
    )


def judged(things: int, options: int, items: int, sizes: dict[str, float]) -> Floats:
    """Shares (items, orders of explanations, orders of options, 2) of a judge with effects of these sizes."""
    chance = np.random.default_rng(things * 10 + options)
    shares = chance.normal(0, sizes.get("noise", 0), (items, math.factorial(things), math.factorial(options)))
    shares += effects(things, items, sizes.get("places", 0), chance)[:, :, None]
    shares += effects(options, items, sizes.get("options", 0), chance)[:, None]
    if "pairs" in sizes:
        shares += effects(things, items, sizes["pairs"], chance, parts=2)[:, :, None]
    return np.stack([0.5 + shares, 0.5 - shares], axis=-1)


def errors_of(shares: Floats, things: int, options: int, count: int) -> tuple[Floats, Floats]:
    """The error of the mean of ``count`` orders, and its standard error: (seeds, items, 2) each."""
    first, second = numbered(things), numbered(options)
    truth = shares.mean(axis=(1, 2))
    found, said = [], []
    for seed in range(SEEDS):
        ones, others = zip(*balanced_pairs(things, options, count, seed=seed), strict=True)
        asked = shares[:, [first[row] for row in ones], [second[row] for row in others]]
        found.append(asked.mean(axis=1) - truth)
        said.append([standard_errors(of_item, ones, others) for of_item in asked])
    return np.array(found), np.array(said)


def ratio(found: Floats, said: Floats) -> float:
    """Of the standard error said to the error that there is, both as roots of mean squares."""
    return float(np.sqrt((said**2).mean() / (found**2).mean()))


@pytest.mark.parametrize(
    ("things", "options", "count"),
    [(4, 3, count) for count in (6, 12, 18, 24, 36, 60, 96)]
    + [(3, 3, 6), (3, 3, 12), (3, 3, 24), (2, 3, 6), (0, 4, 8), (0, 4, 12), (4, 4, 20), (4, 4, 48), (5, 3, 30)],
)
def test_noise_of_single_orders_is_told_as_it_is(things: int, options: int, count: int) -> None:
    # All seeds choose among few designs where there are few orders, so it takes more items there.
    items = 60 if things > 2 else 300
    found, said = errors_of(judged(things, options, items, {"noise": 0.05}), things, options, count)
    assert 0.85 < ratio(found, said) < 1.15


@pytest.mark.parametrize("count", [12, 24, 48, 60])
def test_what_places_are_worth_leaves_the_mean_and_the_standard_error(count: int) -> None:
    # Effects of places alone: whole rounds have no error at all, and know it once squares tell.
    shares = judged(4, 3, 30, {"places": 0.05, "options": 0.2})
    found, said = errors_of(shares, 4, 3, count)
    assert np.abs(found).max() < 1e-12
    spread = shares.std(axis=(1, 2)).mean()
    assert said.mean() < 0.3 * spread / math.sqrt(count)  # of what the formula for independent prompts says


@pytest.mark.parametrize("things", [4, 5])
def test_two_places_together_leave_the_mean_of_a_family_of_squares(things: int) -> None:
    shares = judged(things, 3, 10, {"places": 0.05, "pairs": 0.02})
    found, said = errors_of(shares, things, 3, things * (things - 1))
    assert np.abs(found).max() < 1e-12
    # Squares cannot see that they belong together: the standard error is on the safe side.
    assert (said > 0.001).all()


@pytest.mark.parametrize(
    ("things", "count"), [(4, 4), (4, 5), (4, 8), (4, 10), (4, 16), (4, 20), (4, 30), (4, 60), (5, 7), (5, 12), (5, 25)]
)
@pytest.mark.parametrize("option_size", [0.0, 0.1])
def test_with_all_kinds_of_effects_the_standard_error_is_on_the_safe_side(
    things: int, count: int, option_size: float
) -> None:
    sizes = {"places": 0.03, "pairs": 0.004, "options": option_size, "noise": 0.01}
    found, said = errors_of(judged(things, 3, 40, sizes), things, 3, count)
    assert 0.85 < ratio(found, said) < 4
    # Two standard errors hold what they should, as far as a few squares can tell.
    assert (np.abs(found) <= 2 * said).mean() > 0.85


@pytest.mark.parametrize("count", [29, 30, 34, 57, 58])
def test_an_unfinished_square_is_told(count: int) -> None:
    # More rows than orders of explanations: their places are fitted, and matter in the rows left over only.
    found, said = errors_of(judged(4, 3, 40, {"places": 0.1, "noise": 0.001}), 4, 3, count)
    assert 0.85 < ratio(found, said) < 1.9


@pytest.mark.parametrize("count", [48, 60, 84])
def test_squares_that_came_up_again_tell_what_they_have_in_common(count: int) -> None:
    # What squares are worth leaves the mean with every turn, so their variance must not count as if it did not.
    found, said = errors_of(judged(4, 3, 40, {"pairs": 0.02, "noise": 0.002}), 4, 3, count)
    assert ratio(found, said) > 0.85
    spread = 0.066  # of single orders
    assert said.mean() < 0.3 * spread / math.sqrt(count)


@pytest.mark.parametrize(("things", "options"), [(4, 3), (3, 3), (2, 3), (0, 3), (1, 2)])
def test_all_orders_leave_nothing_to_chance(things: int, options: int) -> None:
    every = math.factorial(things) * math.factorial(options)
    found, said = errors_of(judged(things, options, 3, {"noise": 0.1}), things, options, every)
    assert (said == 0).all()
    assert np.abs(found).max() < 1e-12


def test_one_of_several_orders_tells_nothing() -> None:
    assert np.isnan(standard_errors(np.array([[0.1, 0.9]]), [(0, 1)], [(0, 1)])).all()


def test_few_orders_take_the_formula_for_prompts_and_what_is_left() -> None:
    chance = np.random.default_rng(0)
    shares = chance.dirichlet([1, 1, 1], 3)
    ones, others = zip(*balanced_pairs(4, 3, 3), strict=True)
    expected = shares.std(axis=0, ddof=1) / math.sqrt(3) * math.sqrt(1 - 3 / 144)
    np.testing.assert_allclose(standard_errors(shares, ones, others), expected, rtol=1e-12)


def test_whole_squares_by_hand() -> None:
    """Two squares of three explanations: their rows and their means have one voice each."""
    ones = [(0, 1, 2), (1, 2, 0), (2, 0, 1), (0, 2, 1), (2, 1, 0), (1, 0, 2)]
    others = [(0, 1, 2), (1, 2, 0), (2, 0, 1)] * 2
    shares = np.array([[0.1], [0.2], [0.6], [0.4], [0.5], [0.6]])
    by_rows = shares.var(ddof=1) / 6
    by_squares = (0.5 - 0.3) ** 2 / 2 / 2
    expected = math.sqrt((by_rows + by_squares) / 2 * (1 - 6 / 36))
    assert standard_errors(shares, ones, others) == pytest.approx([expected])


def test_many_orders_without_explanations_have_an_error() -> None:
    """Of five options and nothing else, more orders than a fit of their places takes."""
    shares = np.random.default_rng(0).dirichlet([1] * 5, 48)
    ones, others = zip(*balanced_pairs(0, 5, 48), strict=True)
    said = standard_errors(shares, ones, others)
    assert (said > 0).all()
    assert (said < 2 * shares.std(axis=0, ddof=1) / math.sqrt(48)).all()


@pytest.mark.parametrize(("things", "options"), [(0, 3), (1, 3), (2, 9), (3, 3), (4, 3), (5, 2), (8, 3)])
def test_items_one_beside_the_other_have_the_errors_that_each_has_alone(things: int, options: int) -> None:
    """Bit for bit: what is said of an item must not depend on its batch."""
    for count in (1, 2, 5, 12, 24, 30, 48, 240):
        ones, others = zip(*balanced_pairs(things, options, count), strict=True)
        shares = np.random.default_rng(count).dirichlet([1] * options, (7, len(ones)))
        alone = [standard_errors(of_item, ones, others) for of_item in shares]
        np.testing.assert_array_equal(standard_errors(shares, ones, others), alone)
