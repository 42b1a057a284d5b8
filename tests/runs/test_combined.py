"""What one feature does beside another: pilots beside batches, judges that fail, and runs in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Command

import labeldist as ld
from labeldist.core.errors import UsageError
from labeldist.judging.judge import JudgeSettings
from labeldist.models.batch import Batch
from labeldist.models.open import ModelOptions
from labeldist.runs.pilot import NotWorthUsingError
from labeldist.runs.pipeline import run
from labeldist.runs.settings import RunSettings

NOBODY = "server:m@http://127.0.0.1:9/v1"
COUNT = 24


def written(folder: Path, *, labels: bool = True) -> Path:
    rows = [{"id": f"i{at}", "premise": f"Premise {at}.", "hypothesis": "It follows."} for at in range(COUNT)]
    told = [
        row | ({"labels": ["e", "n", "c"[: at % 2]] if at % 2 else ["e", "n"]} if labels else {})
        for at, row in enumerate(rows)
    ]
    file = folder / "items.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in told), encoding="utf-8")
    return file


def script(folder: Path, *rules: object) -> str:
    file = folder / "script.json"
    file.write_text(json.dumps(rules))
    return f"scripted:{file}"


def test_a_pilot_of_batches_is_refused_before_anything_is_asked_or_replaced(tmp_path: Path) -> None:
    source, out = str(written(tmp_path)), tmp_path / "out"
    run(RunSettings(source, model="scripted", task="nli", conditions=("none",)), out)
    before = {file.name for file in out.iterdir()}
    again = RunSettings(
        source,
        model=("scripted", NOBODY),
        task="nli",
        conditions=("none",),
        pilot=5,
        model_options=ModelOptions(batch=Batch()),
    )
    for folder in (out, tmp_path / "new"):
        with pytest.raises(UsageError, match="a pilot of questions that all go in batches"):
            run(again, folder, overwrite=True)
    assert {file.name for file in out.iterdir()} == before
    assert not (tmp_path / "new").exists()


def test_a_pilot_of_a_batch_of_judgments_asks_no_server(tmp_path: Path, labeldist: Command) -> None:
    source, batch = written(tmp_path), ModelOptions(batch=Batch())
    how = ("--task", "nli", "--explanations", "none", "--model", NOBODY, "--batch", "--pilot", 5)
    told = labeldist("judge", source, *how)
    assert (told.returncode, told.stdout) == (2, "")
    assert "a pilot of questions that all go in batches" in told.stderr
    with pytest.raises(UsageError, match="a pilot of questions that all go in batches"):
        ld.judge(source, NOBODY, task="nli", explanations="none", options=batch, store=tmp_path / "s.sqlite", pilot=5)
    assert {file.name for file in tmp_path.iterdir()} == {"items.jsonl"}


def test_a_setting_of_validity_is_refused_where_none_is_asked_about(tmp_path: Path) -> None:
    judge = JudgeSettings(per_label="max")
    settings = RunSettings(str(written(tmp_path)), model="scripted", task="nli", conditions=("none",), judge=judge)
    with pytest.raises(UsageError, match="--per-label without validity"):
        run(settings, tmp_path / "out")


def test_undefined_numbers_of_the_advice_are_null(tmp_path: Path, labeldist: Command) -> None:
    model = script(tmp_path, {"contains": "", "answers": {"e": 9, "n": 9, "c": 9}})
    told = labeldist("doctor", written(tmp_path), "--task", "nli", "--answers", "words", "--model", model, "--json")
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout, parse_constant=pytest.fail)["advice"]
    assert found["verdict"] == "do not use"
    assert found["dcorr"] is None


def test_doctor_does_not_blame_the_labels_where_no_item_could_be_judged(tmp_path: Path, labeldist: Command) -> None:
    how = ("--task", "nli", "--answers", "verbalised", "--model", "scripted")
    told = labeldist("doctor", written(tmp_path), *how).stdout
    assert "No item could be judged, so nothing tells whether to use scripted as a judge." in told
    assert "Fewer than 20 of the items that were judged have labels or a reference" in told


def test_what_is_kept_nowhere_is_not_said_to_be_kept(tmp_path: Path) -> None:
    rule = {"contains": "", "answers": {"A": 9.0, "B": 7.0, "C": 6.0}}
    source, model = written(tmp_path), script(tmp_path, rule)
    with pytest.raises(NotWorthUsingError) as stopped:
        ld.run(source, model=model, task="nli", conditions=["none"], pilot=COUNT)
    assert "nothing is kept" in stopped.value.hint
    with pytest.raises(NotWorthUsingError) as stopped:
        ld.judge(source, model, task="nli", explanations="none", pilot=COUNT)
    assert "nothing is kept" in stopped.value.hint
    with pytest.raises(NotWorthUsingError) as stopped:
        ld.run(source, model=model, task="nli", conditions=["none"], pilot=COUNT, out=tmp_path / "out")
    assert "the answers are kept" in stopped.value.hint


def test_a_run_without_a_posterior_shows_what_its_judges_say(tmp_path: Path) -> None:
    model = script(tmp_path, {"contains": "", "answers": {"A": 9.0}})
    found = ld.run(written(tmp_path, labels=False), model=["scripted", model], task="nli", conditions=["none"])
    assert found.posterior is None
    shown = found._repr_html_()
    for name in ("scripted none", "script none"):
        assert f"Distributions({name}: {COUNT} items" in shown


@pytest.mark.parametrize("model", [5, [], ["scripted", 3], None, {"a": 1}])
def test_what_names_no_model_is_refused(model: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="model=") as error:
        ld.run(written(tmp_path), model=model, task="nli")
    assert "list of names" in error.value.hint
