"""The experiment that trains: a tiny classifier, every target, every test set; nothing is trained twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from labeldist.classifiers.fine_tune import fine_tune
from labeldist.classifiers.settings import TrainingSettings
from labeldist.classifiers.targets import targets_of
from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Item
from labeldist.datasets.source import open_source
from labeldist.experiments.named.ood import reference
from labeldist.experiments.run import run_experiment
from labeldist.experiments.settings import ExperimentSettings
from labeldist.tasks.load import load_task


@pytest.fixture(autouse=True)
def data(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))


@pytest.fixture
def settings(items: list[Item], encoder: Path, tmp_path: Path) -> ExperimentSettings:
    nli = load_task()
    how = TrainingSettings(epochs=1, evaluate_every=0, device="cpu", max_length=32)
    fine_tune(items, targets_of("majority", items, nli), nli, str(encoder), tmp_path / "stage1", how)
    return ExperimentSettings(
        "ood", model="scripted", limit=8, draws=2, resamples=20, test_items=6, classifier=str(tmp_path / "stage1")
    )


def test_every_target_on_every_test_set(
    settings: ExperimentSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_experiment(settings, tmp_path / "exp")
    names = {cell.name for cell in first.findings.cells}
    for tests in ("dev", "test", "ANLI r1", "ANLI r2", "ANLI r3"):
        for target in ("stage 1 only", "human judgments", "labels + 0.5", "MJD", "posterior"):
            assert f"{tests}: {target}" in names
    for cell in first.findings.cells:
        assert {"ce", "kl", "f1_weighted", "tvd", "ent_ce"} <= cell.values.keys()
        assert all(interval.items == 6 for interval in cell.values.values())
    pairs = {(one.cell, one.other) for one in first.findings.differences}
    assert ("test: human judgments", "test: labels + 0.5") in pairs
    assert ("test: posterior", "test: MJD") in pairs
    trained = sorted((tmp_path / "exp" / "ood" / "trained").iterdir())
    assert len(trained) == 4 * 2 + 1
    assert not list((tmp_path / "exp" / "ood" / "trained").glob("*/classifier"))
    before = (tmp_path / "exp" / "ood" / "results.jsonl").read_bytes()

    def never(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr("labeldist.experiments.named.ood.fine_tune", never)
    run_experiment(settings, tmp_path / "exp")
    assert (tmp_path / "exp" / "ood" / "results.jsonl").read_bytes() == before
    rows = [json.loads(line) for line in before.decode().splitlines()]
    assert {row["kind"] for row in rows} == {"cell", "difference", "note"}


def test_test_sets_of_ones_own(settings: ExperimentSettings, items: list[Item], tmp_path: Path) -> None:
    """By their labels where they have no reference; refused where they are of another task or say nothing."""
    own = tmp_path / "own.jsonl"
    fields = {"premise": "It rains.", "hypothesis": "It is wet."}
    rows = [
        {"id": "1", **fields, "labels": ["entailment", "neutral"]},
        {"id": "2", **fields, "labels": ["neutral"], "reference": {"entailment": 3, "contradiction": 1}},
    ]
    own.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = run_experiment(replace(settings, draws=1, test_sets=(str(own),)), tmp_path / "exp").findings
    assert {cell.section for cell in found.cells} == {str(own)}
    sets = json.loads(next((tmp_path / "exp" / "ood").glob("results.jsonl")).read_text().splitlines()[0])
    assert sets["factors"]["test set"] == str(own)
    assert len(list((tmp_path / "exp" / "ood" / "trained").glob("*/own-*.jsonl"))) == 5
    assert list(tmp_path.glob("own*")) == [own]
    (one, other) = items_of(own)
    assert reference(one, load_task().label_names) == (0.5, 0.5, 0.0)
    assert reference(other, load_task().label_names) == (0.75, 0.0, 0.25)
    with pytest.raises(UsageError, match="labels not offensive, offensive, the items have"):
        run_experiment(replace(settings, test_sets=("md-agreement",)), tmp_path / "other")
    assert not list((tmp_path / "other").rglob("mjd*")), "something was asked before"
    posts = {"source": "md-agreement", "reference_annotators": "2", "explainer": "same"}
    with pytest.raises(UsageError, match="test set mjd-estimator:dev"):  # and not the file: it has the items' task
        run_experiment(replace(settings, test_sets=(str(own), "mjd-estimator:dev"), **posts), tmp_path / "posts")
    own.write_text(json.dumps({"id": "1", **fields}) + "\n")
    with pytest.raises(InputError, match="neither a reference nor a label"):
        run_experiment(replace(settings, test_sets=(str(own),)), tmp_path / "bare")


def items_of(file: Path) -> list[Item]:
    return list(open_source(str(file)).items())


def test_without_a_classifier_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="howto-train"):
        run_experiment(ExperimentSettings("ood", model="scripted", limit=4), tmp_path)
