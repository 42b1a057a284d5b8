"""The benchmark of other methods: what they are given, what comes back, and its page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.estimation import classifiers
from benchmarks.peers import __main__ as command
from benchmarks.peers import environment, measure, ours, problems
from benchmarks.peers.problems import PROBLEMS, SEEDS, TITLES, Problem
from benchmarks.results import read

from labeldist.core.errors import UsageError
from labeldist.estimation.observations import EvidenceArray, Observations

LABELS = ("a", "b", "c")


def problem(items: int = 300) -> Problem:
    chance = np.random.default_rng(0)
    truth = chance.dirichlet(np.full(3, 0.8), items)
    counts = chance.multinomial(5, truth).astype(float)
    said = 0.7 * truth + 0.1
    evidence = (EvidenceArray("one", said), EvidenceArray("other", np.full((items, 3), 1 / 3)))
    observed = Observations(LABELS, tuple(map(str, range(items))), counts, evidence=evidence)
    return Problem(observed, problems.named(counts, chance), truth)


def test_there_are_results_of_every_problem_and_the_page_has_them(capsys: pytest.CaptureFixture[str]) -> None:
    known = read(command.RESULTS)
    assert [*known] == [*PROBLEMS] == [*SEEDS] == [*TITLES]
    assert command.main(["--show"]) == 0
    assert capsys.readouterr().out.strip() == measure.table(known)
    page = command.PAGE.read_text(encoding="utf-8")
    assert command.filled(page, known) == page


def test_an_unknown_problem_is_refused() -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(["moon"])
    assert caught.value.code == 2


def test_peers_that_are_not_there_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environment, "FOLDER", tmp_path)
    with pytest.raises(UsageError, match="no peers in"):
        environment.outside(problem(5))


def test_names_of_annotators_lose_no_label() -> None:
    known = problem(50)
    assert known.matrix.shape == (50, 5)
    again = np.stack([(known.matrix == label).sum(axis=1) for label in range(3)], axis=1)
    assert again.tolist() == known.observed.counts.tolist()
    # In order of the labels, the first annotator would be the one who says "a".
    assert 0.15 < (known.matrix[:, 0] == 0).mean() < 0.6


def test_one_classifier_is_the_average_of_the_evidence() -> None:
    known = problem(20)
    expected = (known.observed.evidence[0].distribution + 1 / 3) / 2
    assert known.classifier == pytest.approx(expected)


def test_the_annotators_of_the_341_are_the_real_ones(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    known = problems.varierr(0)
    assert known.matrix.shape == (341, 4)
    assert (known.matrix >= 0).all()
    assert known.observed.reference is None
    assert len(known.observed.evidence) == 2
    # They differ in how often they choose a label, as people do and names by chance do not.
    assert np.ptp((known.matrix == 1).mean(axis=0)) > 0.05


def test_a_temperature_is_found_again() -> None:
    chance = np.random.default_rng(1)
    said = chance.dirichlet(np.full(3, 2.0), 2000)
    truth = said**2 / (said**2).sum(axis=1, keepdims=True)
    counts = chance.multinomial(5, truth).astype(float)
    assert np.abs(ours.tempered(said, counts) - truth).max() < 0.03


def test_our_posterior_uses_all_evidence() -> None:
    known = problem()
    found = ours.inside(known)
    distance = {name: float(np.abs(known.reference - one).sum(axis=1).mean()) for name, one in found.items()}
    assert distance["labeldist, prior dirichlet"] < distance["labeldist, prior dirichlet, labels alone"]
    assert all(one.sum(axis=1) == pytest.approx(1) for one in found.values())


def test_a_classifier_learns_from_other_groups_only() -> None:
    """Labels that follow the group, which the features name: learnt from the group itself they would be known."""
    chance = np.random.default_rng(2)
    groups = np.repeat(np.arange(60), 5)
    features = np.eye(60)[groups]
    counts = np.eye(2)[chance.integers(2, size=60)[groups]] * 3
    said = classifiers.cross_fitted(features, [*map(str, groups)], counts)
    assert said == pytest.approx(np.broadcast_to(said.mean(axis=0), said.shape), abs=0.1)
    apart = classifiers.cross_fitted(features, [*map(str, range(300))], counts)
    right = (apart.argmax(axis=1) == counts.argmax(axis=1)).mean()
    assert right > 0.95


@pytest.mark.slow
@pytest.mark.skipif(not environment.is_there(), reason=f"no peers here: {environment.SET_UP} sets them up")
def test_the_peers_answer_for_every_item_and_are_asked_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environment, "KEPT", tmp_path)
    known = problem(120)
    said, versions = environment.outside(known)
    assert [file.suffix for file in tmp_path.iterdir()] == [".npz"]
    monkeypatch.setattr(environment, "_run", None)
    again, _ = environment.outside(known)
    assert all((again[name] == one).all() for name, one in said.items())
    assert {*said} == {"CROWDLAB", "Dawid-Skene", "GLAD", "MACE", "MMSR"}
    assert {*versions} == {"cleanlab", "crowd-kit"}
    majority = known.observed.counts.argmax(axis=1)
    clear = known.observed.counts.max(axis=1) >= 4
    for name, one in said.items():
        assert one.shape == (120, 3)
        assert one.sum(axis=1) == pytest.approx(1), name
        assert (one.argmax(axis=1) == majority)[clear].mean() > 0.9, name
