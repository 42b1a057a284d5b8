"""Whole experiments with the scripted model: what is written, resumed, shared and refused."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labeldist.calls.store import Store
from labeldist.core.errors import InputError, StoreError, UsageError
from labeldist.experiments.experiment import EXPERIMENTS
from labeldist.experiments.run import run_experiment
from labeldist.experiments.settings import ExperimentSettings
from labeldist.runs.folder import alone
from labeldist.runs.pipeline import run
from labeldist.runs.settings import RunSettings

SCRIPTED = {"model": "scripted", "limit": 12, "resamples": 50}
PARSER = "mjd-estimator:llama3"


@pytest.fixture(autouse=True)
def data(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()]


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def test_main_as_the_command(labeldist: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """The whole specification, every cell of it, on the first hundred items."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = labeldist("experiment", "main", "--model", "scripted", "--limit", 100, "--out", "exp", "--json")
    assert done.returncode == 0, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Seconds of the processor, which other work on the machine does not change: about 8.
    assert after.ru_utime - before.ru_utime < 30
    found = json.loads(done.stdout)
    names = [cell["name"] for cell in found["cells"]]
    for name in ("none", "human", "label-free", "mnli-guided", "varierr-guided", "mnli-guided:longest"):
        assert f"MJD {name}" in names
        assert (f"MJD {name}, explicit" in names) == (name != "none")
        assert f"MJD {name}, softmax:20" in names
    for name in ("posterior of all labels", "posterior of mnli labels", "5 mnli labels, + 0.5 per label", "uniform"):
        assert name in names
    for cell in found["cells"]:
        assert {"kl", "jsd", "tvd", "dcorr"} <= cell["values"].keys()
        assert all(one["items"] == 100 for one in cell["values"].values())
    assert {Path(file).name for file in found["files"]} == {"results.jsonl", "results.md", "figure-1.svg"}
    assert rows(tmp_path / "exp" / "main")[: len(names)] == found["cells"]


def test_cells_of_main_are_what_a_run_evaluates(tmp_path: Path) -> None:
    conditions = ("none", "human", "varierr-guided:longest")
    run_experiment(ExperimentSettings("main", **SCRIPTED), tmp_path)
    settings = RunSettings(
        "mjd-estimator", model="scripted", explainer="items:llama3", parser=PARSER, conditions=conditions, limit=12
    )
    evaluation = run(settings, tmp_path / "run").evaluation
    assert evaluation is not None
    cells = {row["name"]: row["values"] for row in rows(tmp_path / "main") if row["kind"] == "cell"}
    for row in evaluation.rows:
        if row.name.startswith("MJD") or row.kind == "baseline":
            for name, interval in row.metrics.items():
                expected = pytest.approx(interval.value, nan_ok=True)
                assert (float("nan") if (v := cells[row.name][name]["value"]) is None else v) == expected


@pytest.mark.parametrize("name", ["replacement", "content", "labels", "explanations"])
def test_an_experiment_comes_out_the_same_again(name: str, tmp_path: Path) -> None:
    settings = ExperimentSettings(name, **SCRIPTED)
    first = run_experiment(settings, tmp_path)
    before = files(tmp_path / name)
    assert first.calls_made > 0
    again = run_experiment(settings, tmp_path)
    assert again.calls_made == 0
    assert files(tmp_path / name) == before
    assert run_experiment(settings, tmp_path / "other").calls_made == first.calls_made
    assert files(tmp_path / "other" / name) == before


def test_experiments_in_one_folder_share_their_calls(tmp_path: Path) -> None:
    alone = run_experiment(ExperimentSettings("replacement", **SCRIPTED), tmp_path / "alone").calls_made
    run_experiment(ExperimentSettings("main", **SCRIPTED), tmp_path / "both")
    shared = run_experiment(ExperimentSettings("replacement", **SCRIPTED), tmp_path / "both").calls_made
    # All human and all replaced were judged by main already.
    assert shared <= alone - 12 * 12


def test_killed_and_started_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "labeldist", "experiment", "labels", "--model", "scripted", "--limit", "40",
               "--bootstrap", "50", "--draws", "2", "--out"]  # fmt: skip
    process = subprocess.Popen([*command, tmp_path / "killed"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    store = tmp_path / "killed" / "calls.sqlite"
    while process.poll() is None and not (
        store.exists() and len(list((tmp_path / "killed" / "labels").glob("mjd*"))) > 2
    ):
        time.sleep(0.02)
    assert process.poll() is None, "the experiment ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    settings = ExperimentSettings("labels", model="scripted", limit=40, resamples=50, draws=2)
    resumed = run_experiment(settings, tmp_path / "killed")
    whole = run_experiment(settings, tmp_path / "whole")
    assert 0 < resumed.calls_made < whole.calls_made
    assert files(tmp_path / "killed" / "labels") == files(tmp_path / "whole" / "labels")


def test_other_settings_are_refused_and_may_replace(tmp_path: Path) -> None:
    run_experiment(ExperimentSettings("replacement", **SCRIPTED), tmp_path)
    other = ExperimentSettings("replacement", model="scripted", limit=11, resamples=50)
    with pytest.raises(UsageError, match="limit was 12, is 11"):
        run_experiment(other, tmp_path)
    assert run_experiment(other, tmp_path, overwrite=True).calls_made == 0
    assert len(rows(tmp_path / "replacement")) > 0


def test_the_figure_has_a_panel_for_each_metric(tmp_path: Path) -> None:
    run_experiment(ExperimentSettings("replacement", **SCRIPTED), tmp_path)
    text = (tmp_path / "replacement" / "figure-1.svg").read_text(encoding="utf-8")
    ElementTree.fromstring(text)
    for title in ("KL", "JSD", "TVD", "D.Corr", "explanations replaced"):
        assert title in re.sub(r"<[^>]+>", " ", text)


def test_bad_calls_are_refused(labeldist: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    (tmp_path / "bare.jsonl").write_text('{"id": "1", "premise": "It rains.", "hypothesis": "It is wet."}\n')
    for arguments, parts in (
        (("replacment",), ("no experiment is named", "replacement")),
        (("main", "--draws", 0), ("--draws",)),
        (("main", "--source", "bare.jsonl"), ("no item with a reference",)),
        (("main", "--parser", "clear"), ("no parser profile", "clean")),
        (("main", "--explainer", "items:llama4"), ("items is named 'llama4'", "llama3")),
        (("replacement", "--source", "demo", "--explainer", "same"), ("without a human explanation",)),
        (("main", "--orders", "some"), ("orders",)),
    ):
        done = labeldist("experiment", *arguments, "--model", "scripted", "--limit", 5, "--out", "refused")
        assert done.returncode == 2, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
        for part in parts:
            assert part in done.stderr


def test_the_list_names_every_experiment(labeldist: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = labeldist("experiment")
    assert done.returncode == 0
    for name in EXPERIMENTS.names():
        assert f"{name}: " in done.stdout
    assert {one["name"] for one in json.loads(labeldist("experiment", "--json").stdout)["experiments"]} == set(
        EXPERIMENTS.names()
    )


def test_with_what_the_model_itself_writes(tmp_path: Path) -> None:
    """The paper's way, with no published explanations at all, on items that are always at hand."""
    settings = ExperimentSettings("main", model="scripted", source="demo", explainer="same", limit=6, resamples=20)
    found = run_experiment(settings, tmp_path)
    assert not found.failures
    assert "MJD demo-guided" in {cell.name for cell in found.findings.cells}
    assert "MJD human" not in {cell.name for cell in found.findings.cells}


@pytest.mark.parametrize(
    ("name", "said"),
    [("content", "without a human explanation"), ("replacement", "without a human"), ("labels", "without labels")],
)
def test_items_that_do_not_do_are_refused_before_anything_is_asked(name: str, said: str, tmp_path: Path) -> None:
    row = {"id": "1", "premise": "It rains.", "hypothesis": "It is wet.", "reference": {"entailment": 1}}
    (tmp_path / "bare.jsonl").write_text(json.dumps(row) + "\n")
    settings = ExperimentSettings(name, model="scripted", source=str(tmp_path / "bare.jsonl"), explainer="same")
    with pytest.raises(InputError, match=said):
        run_experiment(settings, tmp_path / "exp")
    with Store(tmp_path / "exp" / "calls.sqlite") as store:
        assert store.totals() == {}


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "replacement").mkdir()
    (tmp_path / "replacement" / "notes.md").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        run_experiment(ExperimentSettings("replacement", **SCRIPTED), tmp_path)
    run_experiment(ExperimentSettings("replacement", **SCRIPTED), tmp_path / "own")
    (tmp_path / "own" / "replacement" / "notes.md").write_text("mine")
    run_experiment(ExperimentSettings("replacement", **SCRIPTED), tmp_path / "own")
    assert (tmp_path / "own" / "replacement" / "notes.md").read_text() == "mine"
    assert (tmp_path / "replacement" / "notes.md").read_text() == "mine"


def test_changed_files_are_refused_and_moved_aside(tmp_path: Path) -> None:
    run_experiment(ExperimentSettings("replacement", **SCRIPTED), tmp_path)
    folder = tmp_path / "replacement"
    for name in ("results.md", "mjd.mine.jsonl"):
        (folder / name).write_text("mine")
    with pytest.raises(UsageError, match=r"mjd\.mine\.jsonl, results\.md"):
        run_experiment(ExperimentSettings("replacement", **SCRIPTED), tmp_path)
    run_experiment(ExperimentSettings("replacement", **SCRIPTED), tmp_path, overwrite=True)
    assert {(folder / f"{name}.kept-1").read_text() for name in ("results.md", "mjd.mine.jsonl")} == {"mine"}
    assert (folder / "results.md").read_text().startswith("# ")


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    with alone(tmp_path / "calls.sqlite"), pytest.raises(StoreError, match="another process"):
        run_experiment(ExperimentSettings("replacement", **SCRIPTED), tmp_path)


def test_reference_annotators_explanations_are_not_shown(tmp_path: Path) -> None:
    how = {
        "source": "lewidi-paraphrase",
        "reference_annotators": "2",
        "explainer": "same",
        "model": "scripted",
        "limit": 6,
    }
    found = run_experiment(ExperimentSettings("main", resamples=20, **how), tmp_path)
    assert "MJD human" not in {cell.name for cell in found.findings.cells}
    with pytest.raises(UsageError, match="reference-annotators"):
        run_experiment(ExperimentSettings("replacement", resamples=20, **how), tmp_path)


def test_a_group_that_labelled_few_items_does_not_leave_the_others_out(tmp_path: Path) -> None:
    people = [{"annotator": f"a/{at}", "label": "neutral"} for at in range(3)]
    expert = {"annotator": "b/1", "label": "entailment"}
    rows = [
        {"id": str(at), "premise": "It rains.", "hypothesis": f"It is wet {at}.",
         "labels": [*people, *([expert] if at < 2 else [])], "reference": {"entailment": 1 + at, "neutral": 1}}
        for at in range(6)
    ]  # fmt: skip
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = ExperimentSettings(
        "main", model="scripted", source=str(tmp_path / "items.jsonl"), explainer="same", resamples=20
    )
    cells = run_experiment(settings, tmp_path / "exp").findings.cells
    assert {interval.items for cell in cells for interval in cell.values.values()} == {6}
    assert any("all" in cell.name and "+ 0.5" in cell.name for cell in cells)
    assert not any(" b labels, " in cell.name for cell in cells)


def test_posteriors_are_compared_with_labels_where_annotators_have_no_groups(tmp_path: Path) -> None:
    settings = ExperimentSettings(
        "main",
        model="scripted",
        source="md-agreement",
        reference_annotators="2",
        explainer="same",
        limit=8,
        resamples=20,
    )
    found = run_experiment(settings, tmp_path).findings
    assert ("posterior of all labels", "3 labels, + 0.5 per label") in {
        (one.cell, one.other) for one in found.differences
    }
