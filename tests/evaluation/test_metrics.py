"""Every metric against scipy, a naive distance correlation, and what must hold for any distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist, jensenshannon
from scipy.stats import entropy

from labeldist.core.errors import InputError, UsageError
from labeldist.evaluation.metric import METRICS, all_metrics
from labeldist.evaluation.metrics import dcorr as dcorr_module
from labeldist.evaluation.metrics.accuracy import accuracy
from labeldist.evaluation.metrics.ce import ce
from labeldist.evaluation.metrics.dcorr import dcorr
from labeldist.evaluation.metrics.ent_ce import ent_ce
from labeldist.evaluation.metrics.jsd import jsd
from labeldist.evaluation.metrics.kl import kl
from labeldist.evaluation.metrics.kl_mean import kl_mean
from labeldist.evaluation.metrics.rank_cs import rank_cs
from labeldist.evaluation.metrics.tvd import tvd

NAMES = ["kl", "jsd", "tvd", "dcorr", "ce"]


def naive_dcorr(x, y):
    """The definition, with the double-centred N x N matrices."""
    centred = []
    for rows in (x, y):
        d = cdist(rows, rows)
        centred.append(d - d.mean(axis=0) - d.mean(axis=1)[:, None] + d.mean())
    a, b = centred
    return math.sqrt((a * b).mean() / math.sqrt((a * a).mean() * (b * b).mean()))


def distributions(generator, n, k, zeros=False):
    """Rows from a flat Dirichlet; or relative frequencies of three labels, most of them with zeros."""
    if zeros:
        return generator.multinomial(3, np.full(k, 1 / k), size=n) / 3
    return generator.dirichlet(np.ones(k), size=n)


@st.composite
def pairs(draw):
    """A reference and a prediction of the same shape, with zeros now and then."""
    n, k = draw(st.integers(1, 12)), draw(st.integers(2, 6))
    weights = arrays(np.float64, (2, n, k), elements=st.one_of(st.just(0.0), st.floats(1e-6, 1)))
    both = draw(weights)
    both[both.sum(axis=2) == 0] = 1
    both /= both.sum(axis=2, keepdims=True)
    return both[0], both[1]


def uniform_weights(n):
    return np.full((1, n), 1 / n)


def test_registry_has_the_published_metrics_in_the_order_of_the_paper():
    assert [metric.name for metric in all_metrics()][: len(NAMES)] == NAMES
    assert [metric.name for metric in all_metrics() if metric.higher_is_better] == ["dcorr"]
    with pytest.raises(UsageError, match="no metric is named 'KLL'"):
        METRICS.get("KLL")


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("k", [2, 3, 7])
def test_item_metrics_equal_scipy(k, zeros):
    generator = np.random.default_rng(k)
    r, p = distributions(generator, 40, k, zeros), distributions(generator, 40, k, zeros)
    clipped_r, clipped_p = np.clip(r, 1e-10, 1), np.clip(p, 1e-10, 1)
    divergence = entropy(clipped_r, clipped_p, axis=1)  # scipy renormalises
    np.testing.assert_allclose(kl(r, p), divergence, atol=1e-12)
    np.testing.assert_allclose(ce(r, p), divergence + entropy(clipped_r, axis=1), atol=1e-12)
    np.testing.assert_allclose(jsd(r, p), jensenshannon(r, p, axis=1), atol=1e-7)
    np.testing.assert_allclose(tvd(r, p), [cdist([a], [b], "cityblock")[0, 0] / 2 for a, b in zip(r, p, strict=True)])


@pytest.mark.parametrize("k", [2, 3, 7])
@pytest.mark.parametrize("block", [1, 100, 4_000_000])
def test_dcorr_equals_the_definition_whatever_the_blocks(k, block, monkeypatch):
    monkeypatch.setattr(dcorr_module, "BLOCK", block)
    generator = np.random.default_rng(k)
    r = distributions(generator, 60, k)
    for p in (distributions(generator, 60, k), 0.7 * r + 0.1, distributions(generator, 60, k, zeros=True)):
        assert dcorr(r, p, uniform_weights(60))[0] == pytest.approx(naive_dcorr(r, p), abs=1e-12)


def test_dcorr_ignores_scale_down_to_tiny_differences():
    generator = np.random.default_rng(0)
    r, p = distributions(generator, 50, 3), distributions(generator, 50, 3)
    nearly_uniform = 1 / 3 + 1e-7 * (p - 1 / 3)
    assert dcorr(r, nearly_uniform, uniform_weights(50))[0] == pytest.approx(naive_dcorr(r, p), abs=1e-6)


@pytest.mark.parametrize("k", [2, 3, 7])
def test_dcorr_of_a_constant_is_undefined(k):
    r = distributions(np.random.default_rng(0), 20, k)
    constant = np.full((20, k), 1 / k)
    noisy = constant + 1e-17 * r
    for x, y in ((r, constant), (constant, r), (constant, constant), (r, noisy)):
        assert math.isnan(METRICS.get("dcorr").value(x, y))
    assert math.isnan(METRICS.get("dcorr").value(r[:1], r[:1]))


@pytest.mark.parametrize("name", METRICS.names())
def test_bad_input_is_an_error_and_never_0(name):
    value = METRICS.get(name).value
    good = [[0.5, 0.5], [0.2, 0.8]]
    for bad in (np.empty((0, 2)), [], [0.5, 0.5], np.empty((2, 0)), [[math.nan, 1], [0, 1]], [[-0.5, 1.5], [0, 1]]):
        with pytest.raises(InputError):
            value(bad, bad)
        with pytest.raises(InputError):
            value(good, bad)
    with pytest.raises(InputError, match="expected the reference's shape"):
        value(good, [[0.5, 0.5]])


@pytest.mark.parametrize("function", [kl, jsd, tvd, ce, kl_mean, ent_ce, rank_cs, accuracy])
def test_item_functions_check_their_input_too(function):
    with pytest.raises(InputError):
        function(np.empty((0, 3)), np.empty((0, 3)))


# Of two labels that are equally likely the first counts, as in the paper's scripts, and a scale has an order.
@pytest.mark.parametrize(
    "name", sorted({*METRICS.names()} - {"accuracy", "f1_macro", "f1_weighted", "rps", "wasserstein"})
)
@settings(max_examples=40, deadline=None)
@given(pair=pairs(), data=st.data())
def test_order_of_labels_and_items_does_not_matter(name, pair, data):
    r, p = pair
    value = METRICS.get(name).value(r, p)
    labels = data.draw(st.permutations(range(r.shape[1])))
    items = data.draw(st.permutations(range(r.shape[0])))
    assert METRICS.get(name).value(r[:, labels], p[:, labels]) == pytest.approx(value, abs=1e-7, nan_ok=True)
    assert METRICS.get(name).value(r[items], p[items]) == pytest.approx(value, abs=1e-7, nan_ok=True)


@settings(max_examples=100, deadline=None)
@given(pair=pairs())
def test_bounds(pair):
    r, p = pair
    assert (kl(r, p) >= -1e-12).all()
    assert (jsd(r, p) >= 0).all()
    assert (jsd(r, p) <= math.sqrt(math.log(2)) + 1e-12).all()
    assert (tvd(r, p) >= 0).all()
    assert (tvd(r, p) <= 1 + 1e-12).all()
    np.testing.assert_allclose(tvd(r, p), tvd(p, r))
    np.testing.assert_allclose(jsd(r, p), jsd(p, r), atol=1e-7)
    np.testing.assert_allclose(ce(r, p) - ce(r, r), kl(r, p), atol=1e-9)
    d = METRICS.get("dcorr").value(r, p)
    assert math.isnan(d) or 0 <= d <= 1 + 1e-9


@settings(max_examples=50, deadline=None)
@given(pair=pairs())
def test_a_perfect_prediction(pair):
    r, _ = pair
    for name in ("kl", "jsd", "tvd"):
        assert METRICS.get(name).value(r, r) == pytest.approx(0, abs=1e-7)
    d = METRICS.get("dcorr").value(r, r)
    assert math.isnan(d) if np.ptp(r, axis=0).max() < 1e-13 else d == pytest.approx(1)


def test_opposite_certainties():
    r, p = [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]
    assert jsd(r, p)[0] == pytest.approx(0.8326, abs=5e-5)
    assert tvd(r, p)[0] == 1
    assert kl(r, p)[0] == pytest.approx(-math.log(1e-10), abs=1e-6)


def test_denormal_probabilities_do_not_warn():
    r = np.array([[5e-324, 1.0]])
    assert jsd(r, [[0.0, 1.0]])[0] == 0


@pytest.mark.parametrize("k", [2, 3, 6])
@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_f1_is_that_of_scikit_learn(average, k):
    metrics = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(k)
    for n in (1, 4, 50):
        r, p = distributions(generator, n, k), distributions(generator, n, k)
        true, predicted = r.argmax(axis=1), p.argmax(axis=1)
        expected = metrics.f1_score(true, predicted, average=average, zero_division=0)
        assert METRICS.get(f"f1_{average}").value(r, p) == pytest.approx(expected)
        assert METRICS.get("accuracy").value(r, p) == pytest.approx(metrics.accuracy_score(true, predicted))


def test_f1_of_a_resample_is_f1_of_the_items_drawn():
    generator = np.random.default_rng(3)
    r, p = distributions(generator, 20, 3), distributions(generator, 20, 3)
    drawn = generator.integers(20, size=20)
    weights = np.bincount(drawn, minlength=20)[None] / 20
    for name in ("f1_macro", "f1_weighted"):
        metric = METRICS.get(name)
        assert metric.estimator(r, p)(weights)[0] == pytest.approx(metric.value(r[drawn], p[drawn]))


def test_calibration_against_humans_by_hand():
    r, p = np.array([[0.5, 0.5, 0], [0.2, 0.3, 0.5]]), np.array([[1, 0, 0], [0.1, 0.2, 0.7]])
    h = [math.log(2), -(0.2 * math.log(0.2) + 0.3 * math.log(0.3) + 0.5 * math.log(0.5))]
    g = [0, -(0.1 * math.log(0.1) + 0.2 * math.log(0.2) + 0.7 * math.log(0.7))]
    np.testing.assert_allclose(ent_ce(r, p), [abs(h[0] - g[0]), abs(h[1] - g[1])])
    # The first two labels of the first item are not ranked by people, but the third is below both.
    np.testing.assert_array_equal(rank_cs(r, p), [0, 1])
    np.testing.assert_array_equal(rank_cs(r, [[0.6, 0.3, 0.1], [0.3, 0.2, 0.5]]), [1, 0])
    np.testing.assert_allclose(kl_mean(r, p), kl(r, p) / 3)


def test_a_table_for_which_no_metric_is_named_has_the_standard_ones():
    assert [metric.name for metric in all_metrics()] == NAMES
