"""Metrics, draws and differences of an experiment, against the evaluation's own and against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from labeldist.core.errors import InputError
from labeldist.evaluation.bootstrap import intervals, paired_difference, resample_weights
from labeldist.evaluation.metric import METRICS
from labeldist.experiments.measure import Distributions, Entry, _draw_weights, difference, measure

HOW = {"resamples": 200, "seed": 3}
NAMES = ("kl", "jsd", "tvd", "dcorr")
METRICS_OF_THE_PAPER = [METRICS.get(name) for name in NAMES]


def drawn(seed: int, items: int = 30) -> Distributions:
    rows = np.random.default_rng(seed).dirichlet(np.ones(3), items)
    return {str(at): tuple(row) for at, row in enumerate(rows.tolist())}


REFERENCES = drawn(0)


def array(distributions: Distributions) -> np.ndarray:
    return np.array(list(distributions.values()))


def test_one_draw_is_what_evaluate_finds() -> None:
    found = measure(Entry("e", {}, (drawn(1),)), REFERENCES, METRICS_OF_THE_PAPER, **HOW).cell()
    for metric in METRICS_OF_THE_PAPER:
        [expected] = intervals(metric, array(REFERENCES), [array(drawn(1))], **HOW)
        one = found.values[metric.name]
        assert (one.value, one.low, one.high) == pytest.approx((expected.value, expected.low, expected.high))


def test_a_difference_is_the_paired_one() -> None:
    one, other = (
        measure(Entry(str(seed), {}, (drawn(seed),)), REFERENCES, METRICS_OF_THE_PAPER, **HOW) for seed in (1, 2)
    )
    for found in difference(one, other, REFERENCES, METRICS_OF_THE_PAPER, **HOW):
        expected = paired_difference(
            METRICS.get(found.column), array(REFERENCES), array(drawn(1)), array(drawn(2)), **HOW
        )
        assert (found.interval.value, found.interval.low) == pytest.approx((expected.value, expected.low))


def test_draws_are_averaged_and_drawn_again() -> None:
    draws = (drawn(1), drawn(2), drawn(3))
    tvd = METRICS.get("tvd")
    found = measure(Entry("e", {}, draws), REFERENCES, [tvd], **HOW).cell().values["tvd"]
    by_item = np.array([0.5 * np.abs(array(REFERENCES) - array(one)).sum(axis=1) for one in draws])
    assert found.value == pytest.approx(by_item.mean())
    [weights] = resample_weights(len(REFERENCES), HOW["resamples"], HOW["seed"])
    only_items = weights @ by_item.mean(axis=0)
    # Draws of chance that differ make the interval wider than items alone do.
    assert found.high - found.low > np.subtract(*np.quantile(only_items, [0.975, 0.025]))


def test_equal_draws_add_no_width() -> None:
    once, thrice = (measure(Entry("e", {}, (drawn(1),) * n), REFERENCES, METRICS_OF_THE_PAPER, **HOW) for n in (1, 3))
    for name in NAMES:
        assert thrice.cell().values[name].low == pytest.approx(once.cell().values[name].low)


def test_a_difference_of_cells_with_other_items_is_on_the_items_of_both() -> None:
    fewer = {id_: row for id_, row in drawn(2).items() if int(id_) < 12}
    one, other = (
        measure(Entry(name, {}, (rows,)), REFERENCES, METRICS_OF_THE_PAPER, **HOW)
        for name, rows in (("all", drawn(1)), ("fewer", fewer))
    )
    [found] = difference(one, other, REFERENCES, [METRICS.get("tvd")], **HOW)
    assert found.interval.items == 12
    expected = paired_difference(
        METRICS.get("tvd"), array(REFERENCES)[:12], array(drawn(1))[:12], array(drawn(2))[:12], **HOW
    )
    assert (found.interval.value, found.interval.high) == pytest.approx((expected.value, expected.high))


def test_an_item_that_one_draw_lacks_takes_no_part() -> None:
    lacking = {id_: row for id_, row in drawn(2).items() if id_ != "4"}
    found = measure(Entry("e", {}, (drawn(1), lacking)), REFERENCES, METRICS_OF_THE_PAPER, **HOW)
    assert "4" not in found.ids
    assert len(found.ids) == 29


def test_nothing_to_measure_is_an_error() -> None:
    with pytest.raises(InputError, match="no item with a reference and a distribution of 'e'"):
        measure(Entry("e", {}, ({"stranger": (1.0, 0.0, 0.0)},)), REFERENCES, METRICS_OF_THE_PAPER, **HOW)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_draws_spread_as_new_draws_would(count: int) -> None:
    """The variance of a mean of D draws is their sample variance, with D - 1, over D."""
    values = np.random.default_rng(count).normal(size=count)
    weights = _draw_weights(count, 200_000, 0)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert (weights @ values).var() == pytest.approx(values.var(ddof=1) / count, rel=0.02)
    assert (weights @ values).mean() == pytest.approx(values.mean(), abs=0.01)
