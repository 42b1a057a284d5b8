"""The benchmark of estimates: its results are complete, and what makes them does what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.embedded.markdown import number
from benchmarks.estimation import __main__ as command
from benchmarks.estimation import catalog, coverage, draws, held_out, recovery
from benchmarks.estimation.data import chaosnli, reference_of, worse
from benchmarks.estimation.simulation import Truth, simulated
from benchmarks.estimation.truths import TRUTHS, labelled
from benchmarks.point import Point
from benchmarks.results import read

from labeldist.datasets.source import open_source
from labeldist.estimation.observations import observe
from labeldist.evaluation.metric import METRICS


def test_the_results_are_those_of_all_measurements_and_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    known = read(catalog.RESULTS)
    assert list(known) == list(catalog.MEASUREMENTS)
    reached = all(point.reached for name, part in catalog.MEASUREMENTS.items() for point in part.points(known[name]))
    assert command.main(["--show"]) == (0 if reached else 1)
    assert "| 4 VariErr labels | reference | both |" in capsys.readouterr().out


def test_an_unknown_measurement_is_refused() -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(["speed"])
    assert caught.value.code == 2


def test_points() -> None:
    assert Point("a", "at most", 1, 1).reached
    assert not Point("a", "below", 1, 1).reached
    assert not Point("a", "at least", 1, float("nan")).reached


def test_worse_is_above_0_in_either_direction() -> None:
    assert worse("kl", 0.3, 0.2) == pytest.approx(0.1)
    assert worse("dcorr", 0.7, 0.8) == pytest.approx(0.1)


def test_simulated_items_have_the_prior_s_mean_and_spread() -> None:
    observed, truth = simulated(Truth(np.array([0.5, -0.5]), np.empty(0), 4.0), 20_000, 3, 0)
    mean = 1 / (1 + np.exp(-1))
    assert truth[:, 0].mean() == pytest.approx(mean, abs=0.01)
    assert truth[:, 0].var() == pytest.approx(mean * (1 - mean) / 5, rel=0.05)
    assert observed.counts.sum(axis=1).tolist() == [3] * 20_000
    assert observed.reference is None


def test_an_end_of_an_interval_is_inside() -> None:
    truth = np.array([[0.0, 0.5], [1.0, 0.2]])
    low, high = np.array([[0.0, 0.6], [0.8, 0.1]]), np.array([[0.3, 0.9], [1.0, 0.2]])
    assert coverage._covered(truth, low, high).tolist() == [1.0, 0.5]


def test_biases_are_compared_around_their_mean() -> None:
    found = recovery._parameters(np.array([1.0, 3.0]), np.array([0.5]), 1.0)
    assert found.tolist() == [-1, 1, 0.5, 0]


def test_held_out_annotators_are_in_no_label(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    observed, reference, values = held_out.load("lewidi-csc", 3)
    assert values == (1, 2, 3, 4, 5, 6)
    assert observed.reference is None
    assert {*observed.counts.sum(axis=1)} == {2, 4}
    published = observe(open_source("lewidi-csc").items(), observed.labels)
    both = observed.counts[: len(published.counts)] + 2 * reference[: len(published.counts)]
    assert both.tolist() == published.counts.tolist()
    again = held_out.load("lewidi-csc", 4)
    assert (again.reference != reference).any()


def test_a_set_with_annotators_held_out(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    result = held_out.measure(["lewidi-csc"], [0])
    found = result["sets"]["lewidi-csc"]
    observed, reference, _ = held_out.load("lewidi-csc", 0)
    expected = METRICS.get("kl").value(reference, held_out.smoothed(observed.counts, 0.5))
    assert found["figures"][held_out.HALF]["kl"]["value"] == pytest.approx(expected)
    assert found["figures"][held_out.DIRICHLET]["kl"]["value"] < expected
    differs = found["differences"][held_out.HALF]["kl"]
    assert 0 < differs["low"] < differs["value"] < differs["high"]
    for who in held_out.MEDIANS:
        less = found["less frequencies"][who]["wasserstein"]
        apart = found["figures"][who]["wasserstein"]["value"]
        assert less["low"] < less["value"] < less["high"]
        assert less["value"] == pytest.approx(apart - found["figures"][held_out.FREQUENCIES]["wasserstein"]["value"])
        assert apart < found["figures"][held_out.MIXTURE]["wasserstein"]["value"]
    assert f"| lewidi-csc | 1,408 | {held_out.HALF} | {number(expected)} | **+" in held_out.rendered(result)


def test_the_mixture_is_held_to_what_was_asked() -> None:
    def of(name: str, mixture: float) -> bool:
        figures = {held_out.DIRICHLET: {"kl": {"value": 0.34}}, held_out.MIXTURE: {"kl": {"value": mixture}}}
        [point] = held_out.points({"sets": {name: {"figures": figures}}})
        return point.reached

    assert of("ocnli", 0.34)
    assert not of("ocnli", 0.341)
    assert of("lewidi-mp", 0.342)
    assert not of("lewidi-mp", 0.3421)


def test_medians_are_held_to_frequencies_by_wasserstein_distance() -> None:
    known = {held_out.DIRICHLET: 1.3, held_out.MIXTURE: 1.2, held_out.FREQUENCIES: 1.1}
    known |= dict(zip(held_out.MEDIANS, (1.13, 1.0), strict=True))
    figures = {who: {"kl": {"value": 1.0}, "wasserstein": {"value": value}} for who, value in known.items()}
    _, median, of_two = held_out.points({"sets": {"lewidi-csc": {"figures": figures}}})
    assert (median.what, median.wanted, median.reached) == ("lewidi-csc: Wasserstein, --point median", 1.1, False)
    assert (of_two.what, of_two.found, of_two.reached) == ("lewidi-csc: Wasserstein, --point median:2", 1.0, True)


@pytest.mark.parametrize("name", TRUTHS)
def test_truths_are_distributions_with_labels_of_their_own(name: str) -> None:
    chance = np.random.default_rng(0)
    truth = TRUTHS[name](20_000, chance)
    assert truth.sum(axis=1) == pytest.approx(1)
    observed = labelled(truth, 4, chance)
    assert observed.counts.sum(axis=1).tolist() == [4] * 20_000
    assert observed.counts.mean(axis=0) / 4 == pytest.approx(truth.mean(axis=0), abs=0.01)


def test_a_dirichlet_truth_is_one_and_the_others_are_none() -> None:
    """Of a Dirichlet the variances of all labels tell the same concentration."""
    apart = {}
    for name, draw in TRUTHS.items():
        truth = draw(50_000, np.random.default_rng(1))
        mean = truth.mean(axis=0)
        concentrations = mean * (1 - mean) / truth.var(axis=0) - 1
        apart[name] = np.ptp(np.log(concentrations))
    assert apart["a Dirichlet"] < 0.05
    assert min(apart["a mixture"], apart["logistic normal"]) > 0.1


def test_draws_with_evidence(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An MJD that is the truth itself is worth more than none, and the same items come in every draw."""
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    truth = reference_of(chaosnli("chaosnli-snli"))
    monkeypatch.setattr(draws, "own_mjds", lambda source: truth)
    result = draws.measure(["chaosnli-snli"], [3], [60], [0, 1])
    assert [row["evidence"] for row in result["rows"]] == [draws.MJD, draws.CLASSIFIER]
    for row in result["rows"]:
        assert row["kl"][held_out.DIRICHLET] < row["kl"][held_out.HALF]
    assert result["rows"][0]["kl"][held_out.DIRICHLET] < result["rows"][1]["kl"][held_out.DIRICHLET]
    assert "| chaosnli-snli | 3 | 60 | own MJD |" in draws.rendered(result)


def test_worse_beyond_noise_is_a_bar_missed() -> None:
    def row(low: float, value: float) -> dict[str, object]:
        about = {"source": "s", "labels per item": 2, "items": 300, "evidence": "e"}
        return {**about, "difference": {"value": value, "low": low, "high": value + 0.01}}

    assert all(
        point.reached for point in draws.points({"rows": [row(-0.02, -0.01), row(-0.001, 0.001)] * 2 + [row(-1, -1)]})
    )
    worst, share, mean = draws.points({"rows": [row(0.001, 0.002), row(-0.02, -0.01)]})
    assert not worst.reached
    assert not share.reached
    assert mean.reached
