"""What must not happen to a run: lost failures, overwritten input, mixed results, answers that are no numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labeldist.calls.recorded import Recorded
from labeldist.calls.store import Store
from labeldist.core.errors import InputError, LabeldistError, StoreError, UsageError
from labeldist.datasets.source import open_source
from labeldist.explanations.condition import Condition
from labeldist.judging.judge import JudgeSettings
from labeldist.models import open as models
from labeldist.models.base import in_order
from labeldist.models.scripted import Rule, Scripted
from labeldist.models.tokens import TokenScores
from labeldist.runs.beside import failures_of
from labeldist.runs.folder import alone
from labeldist.runs.pipeline import run
from labeldist.runs.settings import RunSettings
from labeldist.runs.single import explain_to_file, judge_to_file, select_to_file
from labeldist.runs.stages import Generation

Items = Callable[..., Path]


@pytest.fixture
def items(tmp_path: Path) -> Items:
    """Writes items with the given differences from a good row, one per row."""

    def write(*rows: dict[str, Any], name: str = "items.jsonl") -> Path:
        good = {"premise": "It rains.", "hypothesis": "It is wet.", "labels": ["e", "n"], "reference": {"e": 3, "n": 2}}
        lines = [json.dumps({**good, "id": str(number), **row}) + "\n" for number, row in enumerate(rows, 1)]
        (tmp_path / name).write_text("".join(lines))
        return tmp_path / name

    return write


def ids(file: Path) -> list[str]:
    return [json.loads(line)["id"] for line in file.read_bytes().splitlines()]


def use(monkeypatch: pytest.MonkeyPatch, model: Any) -> str:
    """Make ``model`` known by its name."""
    backend = models.Backend(model.name, "", lambda argument, options: model)
    monkeypatch.setitem(models.BACKENDS._parts, model.name, backend)
    return str(model.name)


def test_a_condition_without_any_result_does_not_end_the_run(items: Items, tmp_path: Path) -> None:
    source = items({"labels": None}, {"labels": None, "premise": "Another."})
    settings = RunSettings(str(source), model="scripted", conditions=("none", "label-guided"), on_error="skip")
    for _ in range(2):
        summary = run(settings, tmp_path / "out")
        assert [failure["stage"] for failure in summary.failures] == ["select label-guided"] * 2
        assert len((tmp_path / "out/failures.jsonl").read_text().splitlines()) == 2
        assert list(summary.mjds) == ["none"]
        assert summary.evaluation is not None
        assert summary.evaluation.items == 2


def test_conditions_that_share_no_item_are_a_note(items: Items, tmp_path: Path) -> None:
    human = [{"label": "e", "text": "Rain is wet."}]
    source = items({"labels": None, "explanations": human}, {"explanations": None})
    settings = RunSettings(str(source), model="scripted", conditions=("human", "label-guided"), on_error="skip")
    summary = run(settings, tmp_path / "out")
    assert summary.evaluation is None
    assert any("not evaluated" in note for note in summary.notes)
    assert len(summary.failures) == 2
    assert (tmp_path / "out/failures.jsonl").exists()


@pytest.mark.parametrize("stage", ["judge", "explain", "select"])
def test_a_stage_never_writes_over_its_source(stage: str, items: Items) -> None:
    source = items({"explanations": [{"label": "e", "text": "So.", "source": "m"}]})
    before = source.read_bytes()
    dataset = open_source(str(source))
    write = {
        "judge": lambda: judge_to_file(dataset, Scripted(), source),
        "explain": lambda: explain_to_file(dataset, Scripted(), source),
        "select": lambda: select_to_file(dataset, Condition("label-free"), source),
    }
    with pytest.raises(UsageError, match="overwrite"):
        write[stage]()
    assert source.read_bytes() == before


def test_failures_belong_to_one_result(items: Items, tmp_path: Path) -> None:
    bad = items({}, {"premise": ""}, name="bad.jsonl")
    good = items({}, name="good.jsonl")
    judge_to_file(open_source(str(bad), on_error="skip"), Scripted(), tmp_path / "mjd.a.jsonl")
    judge_to_file(open_source(str(good)), Scripted(), tmp_path / "mjd.b.jsonl")
    assert ids(failures_of(tmp_path / "mjd.a.jsonl")) == ["2"]
    assert not failures_of(tmp_path / "mjd.b.jsonl").exists()
    assert sorted(file.name for file in tmp_path.glob("mjd.*.jsonl")) == ["mjd.a.jsonl", "mjd.b.jsonl"]


def test_a_second_process_in_the_same_folder_is_refused(items: Items, tmp_path: Path) -> None:
    settings = RunSettings(str(items({})), model="scripted", conditions=("none",))
    with alone(tmp_path / "out/run.sqlite"), pytest.raises(StoreError, match="another process"):
        run(settings, tmp_path / "out")
    assert run(settings, tmp_path / "out").items == 1


@pytest.mark.parametrize(
    "typo",
    [
        {"model": "scriptd"},
        {"parser": "claen"},
        {"explainer": "items:nobody"},
        {"judge": JudgeSettings("all:3")},
        {"judge": JudgeSettings(transform="softmx")},
        {"explainer": "scriptd"},
    ],
)
def test_a_typo_claims_no_folder(typo: dict[str, Any], items: Items, tmp_path: Path) -> None:
    source = str(items({}))
    with pytest.raises(UsageError):
        run(
            RunSettings(**{"source": source, "model": "scripted", "conditions": ("label-free",), **typo}),
            tmp_path / "out",
        )
    assert not (tmp_path / "out").exists()


def test_a_column_under_a_wrong_name_is_told(items: Items, tmp_path: Path) -> None:
    source = items({"labels": None, "label": ["e"], "reference": None})
    with pytest.raises(InputError, match="did you mean 'label'"):
        run(RunSettings(str(source), model="scripted"), tmp_path / "out")
    source = items({"reference": None, "Reference": {"e": 1}})
    with pytest.raises(InputError, match="did you mean 'Reference'"):
        run(RunSettings(str(source), model="scripted"), tmp_path / "out")
    source = items({"labels": None, "gold": "e", "reference": None, "truth": {"e": 0.6, "n": 0.4}})
    summary = run(RunSettings(str(source), model="scripted"), tmp_path / "out")
    assert [note.partition(":")[0] for note in summary.notes] == [
        "no item has labels (columns kept and not used",
        "no item has a reference (columns kept and not used",
    ]
    assert all("gold, truth" in note for note in summary.notes)
    assert "did you mean 'gold'?" in summary.notes[0]


def test_files_that_are_no_runs_are_not_replaced(items: Items, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/evaluation.json").write_text("somebody else's")
    with pytest.raises(UsageError, match=r"evaluation\.json"):
        run(RunSettings(str(items({})), model="scripted"), tmp_path / "out")
    assert (tmp_path / "out/evaluation.json").read_text() == "somebody else's"


@pytest.mark.parametrize("temperature", [math.nan, math.inf, -1.0])
def test_a_temperature_is_a_number(temperature: float) -> None:
    with pytest.raises(UsageError):
        Generation(temperature=temperature)


def test_results_of_other_settings_or_data_do_not_stay(items: Items, tmp_path: Path) -> None:
    source, out = items({}), tmp_path / "out"
    run(RunSettings(str(source), model="scripted"), out)
    assert (out / "mjd.label-guided.jsonl").exists()
    assert (out / "evaluation.json").exists()
    assert (out / "posterior.jsonl").exists()
    items({"reference": None, "labels": None})
    run(RunSettings(str(source), model="scripted", conditions=("none",)), out, overwrite=True)
    assert sorted(file.name for file in out.glob("*.json*")) == ["about.json", "mjd.none.jsonl"]


class Broken(Scripted):
    """Gives NaN for one premise until it is mended."""

    mended = False

    def next_token_scores(self, sequences: Sequence[Sequence[int]], tokens: Sequence[Sequence[int]]) -> TokenScores:
        scores = super().next_token_scores(sequences, tokens)
        for row, sequence in enumerate(sequences):
            if "Another" in bytes(token for token in sequence if token < 256).decode() and not self.mended:
                scores.logits[row] = np.nan
        return scores


def test_scores_that_are_no_numbers_fail_one_item_and_are_not_kept(
    items: Items, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Broken(name="broken")
    settings = RunSettings(str(items({}, {"premise": "Another."})), model=use(monkeypatch, model), conditions=("none",))
    summary = run(settings, tmp_path / "out")
    assert [(failure["id"], failure["stage"]) for failure in summary.failures] == [("2", "judge none")]
    model.mended = True
    assert not run(settings, tmp_path / "out").failures


def test_a_question_asked_twice_in_one_call_is_one_call_with_one_answer(tmp_path: Path) -> None:
    class Drawing(Scripted):
        asked = 0

        def generate(self, sequences: Sequence[Sequence[int]], **_: Any) -> list[str]:
            self.asked += len(sequences)
            return [f"text {self.asked} {number}" for number in range(len(sequences))]

    model = Drawing()
    with Store(tmp_path / "run.sqlite") as store:
        recorded = Recorded(model, store)
        texts, settings = ["one", "two", "one"], {"max_new_tokens": 5, "temperature": 1.0}
        first = in_order(recorded.write(texts, **settings), 3, "")
        assert first[0] == first[2] != first[1]
        assert (model.asked, recorded.made, recorded.reused) == (2, 2, 1)
        assert in_order(Recorded(model, store).write(texts, **settings), 3, "") == first
        assert store.totals()["generate"]["calls"] == 2


@pytest.mark.parametrize("answer", ["", " ", "* ", "* a\u0000b", "1. \u2028", "* \ud7ff", "- \n- \n"])
@pytest.mark.parametrize("parser", ["clean", "mjd-estimator:llama3", "mjd-estimator:mixtral", "mjd-estimator:gpt4o"])
def test_no_answer_of_a_model_can_end_a_run(
    answer: str, parser: str, items: Items, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, Scripted([Rule("true (entailment) given", text=answer)], name="odd"))
    settings = RunSettings(str(items({}, {})), model=model, parser=parser, conditions=("none", "label-free"))
    try:
        summary = run(settings, tmp_path / "out")
    except LabeldistError as error:
        pytest.fail(str(error))
    assert ids(tmp_path / "out/mjd.none.jsonl") == ["1", "2"]
    kept = [
        json.loads(line)["answers"][0]["text"]
        for line in (tmp_path / "out/explanations.jsonl").read_bytes().splitlines()
    ]
    assert kept == [answer] * 2
    assert len(ids(tmp_path / "out/mjd.label-free.jsonl")) + len(summary.failures) == 2
