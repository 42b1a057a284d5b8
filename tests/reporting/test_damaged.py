"""Files that somebody edited, moved or broke: refused with a place and a way out, or said on the page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.reporting.conftest import Rows, write
from tests.reporting.test_gather import lines, view_of

from labeldist.core.errors import InputError, UsageError
from labeldist.datasets.source import open_source
from labeldist.reports.page.render import render_page
from labeldist.runs.about import found_again
from labeldist.runs.pipeline import run
from labeldist.runs.posterior import estimate_to_file
from labeldist.runs.settings import RunSettings

HUGE = 10**400
Change = Callable[[Any], None]


def changed(file: Path, change: Change) -> None:
    """The JSON in ``file`` with one part made another."""
    value = json.loads(file.read_text(encoding="utf-8"))
    change(value)
    file.write_text(json.dumps(value), encoding="utf-8")


def put(*path: str | int, value: Any) -> Change:
    def change(whole: Any) -> None:
        for step in path[:-1]:
            whole = whole[step]
        whole[path[-1]] = value

    return change


ABOUT: dict[str, tuple[Change, str]] = {
    "no version": (lambda whole: whole.pop("labeldist"), "labeldist"),
    "settings": (put("settings", value=["a"]), "settings"),
    "judged": (put("judged", value=-1), "judged"),
    "a file elsewhere": (put("judged", "none", value="../items.jsonl"), "in the same folder"),
    "a mass": (put("answer_mass", "none", value=[1]), "answer_mass.none"),
    "no source": (put("opened_by", "source", value={"a": 1}), "opened_by.source"),
    "a task": (put("opened_by", "task", value=1.5), "opened_by.task"),
    "an argument": (lambda whole: whole["opened_by"].update(cache="/tmp"), "opened_by.cache"),
    "a way to read": (put("opened_by", "read", value=[None]), "opened_by.read"),
    "columns": (put("opened_by", "read", "columns", value=HUGE), "opened_by.read.columns"),
    "no file": (lambda whole: whole["posteriors"][0].pop("file"), "file"),
    "no calibration": (put("posteriors", 0, "calibration", value=3), "posteriors[0].calibration"),
    "what is saved": (put("posteriors", 0, "calibration", "saves", 0, "low", value={}), "saves[0].low"),
    "a note": (put("posteriors", 0, "calibration", "notes", value=[True]), "notes[0]"),
}


@pytest.mark.parametrize("kind", ABOUT)
def test_a_damaged_file_about_results_is_refused(kind: str, made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "run", tmp_path / "run")
    change, told = ABOUT[kind]
    changed(tmp_path / "run" / "about.json", change)
    with pytest.raises(InputError, match=r"about\.json") as caught:
        view_of(tmp_path / "run")
    assert told in str(caught.value)


EVALUATION: dict[str, tuple[Change, str]] = {
    "a bound": (put("rows", 0, "metrics", "kl", "low", value=[]), "rows[0].metrics.kl.low"),
    "no metric": (lambda whole: whole["rows"][0]["metrics"].pop("kl"), "'kl'"),
    "chance": (put("rows", 0, "chance", value=7), "rows[0].chance"),
    "a chance": (put("rows", 0, "chance", value={"dcorr": "x"}), "rows[0].chance.dcorr"),
    "a column": (put("metrics", 0, value=None), "metrics[0]"),
    "items": (put("items", value="x"), "items"),
    "very many items": (put("rows", 0, "items", value=HUGE), "rows[0].items"),
    "no rows": (put("rows", value=7), "rows"),
    "reasons": (put("left_out", value="x"), "left_out"),
}


@pytest.mark.parametrize("kind", EVALUATION)
def test_a_damaged_evaluation_is_refused(kind: str, made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "run", tmp_path / "run")
    change, told = EVALUATION[kind]
    changed(tmp_path / "run" / "evaluation.json", change)
    with pytest.raises(InputError, match=r"evaluation\.json") as caught:
        view_of(tmp_path / "run")
    assert told in str(caught.value)


def test_an_evaluation_that_is_none_is_not_passed_over(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "run", tmp_path / "run")
    (tmp_path / "run" / "evaluation.json").write_text("")
    with pytest.raises(InputError, match="the evaluation of the run"):
        view_of(tmp_path / "run")


POINT = {
    "labels": 2, "evidence": ["llm"], "kl": 0.2, "kl_low": 0.1, "kl_high": 0.3, "tvd": 0.2, "tvd_low": 0.1,
    "tvd_high": 0.3,
}  # fmt: skip
PLAN: dict[str, Change] = {
    "an end": put("predicted", 0, "kl_low", value="x"),
    "evidence": put("predicted", 0, "evidence", value=1.5),
    "a number of labels": put("predicted", 0, "labels", value=HUGE),
    "a note": put("notes", value=[None]),
}


@pytest.mark.parametrize("kind", PLAN)
def test_a_damaged_plan_is_refused(kind: str, made: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(
        json.dumps({"labels": 3.0, "predicted": [POINT], "measured": [], "notes": [], "replay": {"verdict": "Even."}})
    )
    assert view_of(made / "posterior.jsonl", file)["learning_curve"] is not None
    changed(file, PLAN[kind])
    with pytest.raises(InputError, match=r"plan\.json"):
        view_of(made / "posterior.jsonl", file)


ODD = {
    "interval": (
        True,
        {"entailment": [0.1], "neutral": {"a": 1}, "contradiction": ["a", "b"]},
        {"neutral": [0.9, 0.1]},
    ),
    "interval_mass": ("x", [1], HUGE, -1),
    "prior": ({"neutral": HUGE},),
    "expected_kl": (HUGE, "much"),
    "concentration": ({},),
    "label_counts": ({"neutral": "two"}, 3),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_columns_of_a_posterior_are_not_known(name: str, made: Path, tmp_path: Path) -> None:
    for value in ODD[name]:
        rows = lines(made / "posterior.jsonl")
        rows[0][name] = value
        view = view_of(write(tmp_path / "odd.jsonl", rows), source=str(made / "items.jsonl"))
        render_page(view)
        assert ("odd" in view["items"][0]["intervals"]) is (name != "interval")
        assert view["interval_mass"] == 0.9


def test_odd_orders_are_not_shown(made: Path, tmp_path: Path) -> None:
    rows = lines(made / "run" / "mjd.none.jsonl")
    rows[0] |= {"orders": HUGE, "spread": {"neutral": HUGE}, "explanations": [3], "style": "verbal"}
    rows[1]["standard_error"] = {"neutral": HUGE}
    view = view_of(f"odd={write(tmp_path / 'odd.jsonl', rows)}", made / "items.jsonl")
    render_page(view)
    assert "odd" not in view["items"][0]["orders"]
    assert view["items"][1]["orders"]["odd"]["standard_error"] == [None] * 3


def test_labels_that_changed_since_are_noticed(made: Path, rows: Rows, tmp_path: Path) -> None:
    more = [{**row, "labels": [*row["labels"], "neutral"]} if at < 7 else row for at, row in enumerate(rows)]
    view = view_of(made / "posterior.jsonl", source=str(write(tmp_path / "more.jsonl", more)))
    assert any(one.startswith("7 of 60 items had other labels when posterior was made") for one in view["warnings"])
    assert not any("other labels" in one for one in view_of(made / "posterior.jsonl")["warnings"])


def test_a_group_is_made_of_its_own_labels(rows: Rows, tmp_path: Path) -> None:
    def grouped(row: dict[str, Any]) -> list[dict[str, Any]]:
        return [{**one, "annotator": f"{'ab'[at % 2]}/{one['annotator']}"} for at, one in enumerate(row["labels"])]

    source = write(tmp_path / "grouped.jsonl", [{**row, "labels": grouped(row)} for row in rows])
    estimate_to_file(open_source(str(source), texts=False), tmp_path / "of-a.jsonl", annotators="a")
    warnings = view_of(tmp_path / "of-a.jsonl")["warnings"]
    assert "Of-a counts the labels of the annotators 'a' alone." in warnings
    assert not any("other labels" in one for one in warnings)


def test_results_are_looked_at_from_elsewhere(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("items.jsonl", "llm.jsonl"):
        shutil.copy(made / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    estimate_to_file(open_source("items.jsonl", texts=False), Path("posterior.jsonl"))
    run(RunSettings("items.jsonl", model="scripted", limit=6), Path("run"))
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert view_of("../posterior.jsonl")["facts"]["items"] == 60
    assert view_of("../run")["facts"]["items"] == 6
    (tmp_path / "items.jsonl").unlink()
    with pytest.raises((InputError, UsageError), match=r"items\.jsonl"):
        view_of("../run")


def test_what_is_here_is_not_looked_for_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "there").mkdir()
    for folder in (tmp_path, tmp_path / "there"):
        (folder / "items.jsonl").write_text("{}")
    monkeypatch.chdir(tmp_path)
    opened_by = {"source": "items.jsonl", "evidence": ["nowhere.jsonl"]}
    assert found_again(opened_by, tmp_path / "there") == opened_by
    assert found_again({"source": "demo", "evidence": []}, tmp_path)["source"] == "demo"
    assert found_again({}, tmp_path) == {}


def test_a_shard_stays_one(made: Path, tmp_path: Path) -> None:
    run(RunSettings(str(made / "items.jsonl"), model="scripted", shard="1/3"), tmp_path / "part")
    view = view_of(tmp_path / "part")
    assert 0 < view["facts"]["items"] == len(lines(tmp_path / "part" / "posterior.jsonl")) < 60
    again = dict(view["provenance"])["Made again by"]
    assert "--shard 1/3" in again


def test_the_file_about_a_run_stands_for_the_run(made: Path) -> None:
    assert view_of(made / "run" / "about.json")["facts"] == view_of(made / "run")["facts"]


ENDS = {"value": 0.1, "low": -0.1, "high": 0.2}
RESULTS: Rows = [
    {"kind": "cell", "section": "s", "name": "a", "values": {"kl": ENDS}},
    {"kind": "difference", "cell": "a", "minus": "b", "column": "kl", **ENDS},
]
EXPERIMENT: dict[str, Change] = {
    "no section": lambda rows: rows[0].pop("section"),
    "a name": put(0, "name", value=HUGE),
    "values": put(0, "values", value=1.5),
    "an end": put(0, "values", "kl", "low", value=[]),
    "what is compared": put(1, "cell", value=[]),
    "no value": lambda rows: rows[1].pop("value"),
}


@pytest.mark.parametrize("kind", EXPERIMENT)
def test_damaged_results_of_an_experiment_are_refused(kind: str, made: Path, tmp_path: Path) -> None:
    rows = json.loads(json.dumps(RESULTS))
    rows[1]["high"] = None  # as of an interval that is not known
    write(tmp_path / "results.jsonl", rows)
    render_page(view_of(tmp_path, source=str(made / "items.jsonl")))
    EXPERIMENT[kind](rows)
    write(tmp_path / "results.jsonl", rows)
    with pytest.raises(InputError, match=r"results\.jsonl, field 'line [12]"):
        view_of(tmp_path, source=str(made / "items.jsonl"))
