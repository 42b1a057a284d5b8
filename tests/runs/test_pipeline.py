"""The whole way and the single stages: the same results, nothing lost, nothing mixed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from labeldist.core.errors import InputError, ModelError, UsageError
from labeldist.core.item import Annotation, Item
from labeldist.datasets.source import open_source
from labeldist.explanations.condition import parse_condition
from labeldist.judging.judge import JudgeSettings
from labeldist.models import open as models
from labeldist.models.scripted import Scripted
from labeldist.runs.pipeline import run
from labeldist.runs.settings import RunSettings
from labeldist.runs.single import explain_to_file, judge_to_file, select_to_file
from labeldist.runs.stages import Asked, with_their_leave_one_out

BALANCED = JudgeSettings("balanced:12")
ALL = ("none", "human", "label-free", "label-guided:longest", "crowd-guided")


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def items(tmp_path: Path) -> Path:
    """Five items with two groups of annotators, human explanations, a reference and a column of their own."""
    file = tmp_path / "items.jsonl"
    with file.open("w") as out:
        for number in range(5):
            row = {
                "id": f"i{number}",
                "premise": f"Premise {number}.",
                "hypothesis": "It {follows}.",
                "labels": [
                    {"annotator": "crowd/1", "label": "e"},
                    {"annotator": "crowd/2", "label": "n"},
                    {"annotator": "expert/1", "label": "c"},
                ],
                "explanations": [{"label": "n", "text": "Who knows?"}],
                "reference": {"e": 10 + number, "n": 20, "c": 3 * number},
                "genre": "made up",
            }
            out.write(json.dumps(row) + "\n")
    return file


def test_everything_that_went_in_comes_out(items: Path, tmp_path: Path) -> None:
    summary = run(RunSettings(str(items), model="scripted", conditions=ALL, judge=BALANCED), tmp_path / "out")
    assert not summary.failures
    assert summary.evaluation is not None
    assert summary.evaluation.items == 5
    names = [*(f"MJD {name}" for name in ALL), "posterior", "posterior crowd"]
    assert [row.name for row in summary.evaluation.rows][:7] == names
    explained = rows_of(tmp_path / "out/explanations.jsonl")
    assert all(row["genre"] == "made up" and len(row["answers"]) == 3 for row in explained)
    for name, (orders, shown, saw) in {
        "none": (6, 0, False),
        "human": (6, 1, True),
        "label-free": (12, 3, False),
        "label-guided-longest": (12, 3, True),
        "crowd-guided": (12, 2, True),
    }.items():
        rows = rows_of(tmp_path / f"out/mjd.{name}.jsonl")
        assert [row["id"] for row in rows] == [f"i{number}" for number in range(5)]
        for row in rows:
            assert (row["orders"], len(row["explanations"]), row["saw_labels"]) == (orders, shown, saw)
            assert sum(row["distribution"].values()) == pytest.approx(1)
            assert 0 < row["answer_mass"] < 1
            assert min(row["spread"].values()) > 0
            # Up to one explanation and three options twelve orders are all.
            assert (min(row["standard_error"].values()) > 0) == (shown > 2)


def test_single_stages_give_what_the_run_gives(items: Path, tmp_path: Path) -> None:
    run(
        RunSettings(str(items), model="scripted", conditions=("label-guided:longest",), judge=BALANCED),
        tmp_path / "out",
    )
    model = Scripted()
    explain_to_file(open_source(str(items)), model, tmp_path / "e.jsonl")
    condition = parse_condition("label-guided:longest")
    select_to_file(open_source(str(tmp_path / "e.jsonl")), condition, tmp_path / "s.jsonl")
    judge_to_file(
        open_source(str(tmp_path / "s.jsonl")), model, tmp_path / "m.jsonl", settings=BALANCED, leave_one_out=True
    )
    assert (tmp_path / "m.jsonl").read_text() == (tmp_path / "out/mjd.label-guided-longest.jsonl").read_text()


def test_a_stage_that_is_repeated_asks_nothing_again(items: Path, tmp_path: Path) -> None:
    first = judge_to_file(open_source(str(items)), Scripted(), tmp_path / "m.jsonl", explanations="human")
    again = judge_to_file(open_source(str(items)), Scripted(), tmp_path / "m.jsonl", explanations="human")
    assert (first.calls_made, first.calls_reused) == (30, 0)
    assert (again.calls_made, again.calls_reused) == (0, 30)


def test_other_settings_in_the_same_folder_are_refused_and_named(items: Path, tmp_path: Path) -> None:
    settings = RunSettings(str(items), model="scripted", conditions=("none",))
    run(settings, tmp_path / "out")
    other = RunSettings(str(items), model="scripted", conditions=("none",), judge=JudgeSettings(transform="softmax:2"))
    with pytest.raises(UsageError, match=r"judge\.transform was 'auto', is 'softmax:2'"):
        run(other, tmp_path / "out")
    summary = run(other, tmp_path / "out", overwrite=True)
    assert (summary.calls_made, summary.calls_reused) == (0, 30)


def test_explanations_that_the_items_carry(items: Path, tmp_path: Path) -> None:
    carried = tmp_path / "carried.jsonl"
    with carried.open("w") as out:
        for row in rows_of(items):
            answers = [{"label": label, "text": f"1. Because {label}.", "source": "llm"} for label in "enc"]
            out.write(json.dumps({**row, "answers": answers}) + "\n")
    settings = RunSettings(str(carried), model="scripted", explainer="items:llm", conditions=("label-free",))
    summary = run(settings, tmp_path / "out")
    assert summary.store.keys() == {"next_token"}
    shown = rows_of(tmp_path / "out/mjd.label-free.jsonl")[0]["explanations"]
    assert [explanation["text"] for explanation in shown] == ["Because e.", "Because n.", "Because c."]
    assert {explanation["source"] for explanation in shown} == {"llm"}


class Picky(Scripted):
    """Fails on everything that mentions the third premise."""

    def next_token_scores(self, sequences: Sequence[Sequence[int]], tokens: Sequence[Sequence[int]]) -> Any:
        if any("Premise 3" in bytes(t for t in s if t < 256).decode() for s in sequences):
            raise ModelError("too difficult")
        return super().next_token_scores(sequences, tokens)


def test_one_items_failure_stays_its_own(items: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = models.Backend("picky", "", lambda argument, options: Picky(name="picky"))
    monkeypatch.setitem(models.BACKENDS._parts, "picky", backend)
    summary = run(RunSettings(str(items), model="picky", conditions=("none",)), tmp_path / "out")
    assert summary.failures == ({"id": "i3", "stage": "judge none", "reason": "too difficult"},)
    assert rows_of(tmp_path / "out/failures.jsonl") == list(summary.failures)
    assert [row["id"] for row in rows_of(tmp_path / "out/mjd.none.jsonl")] == ["i0", "i1", "i2", "i4"]
    assert summary.evaluation is not None
    assert summary.evaluation.items == 4
    assert summary.evaluation.left_out == {"i3": "not in prediction 'MJD none'"}


TASK = """
title = "Sentiment of a sentence"
language = "en"
fields = ["text"]
"""
LABEL = """
[[labels]]
name = "{0}"
verbalised = "{0}"
options = {{ letters = "{0}" }}
"""
PROMPTS = """
explain = "Why is this {label}? {text}"
[judge.letters]
plain = "Which is it? {text} {options} Answer:"
commented = "Which is it? {text}{comments} {options} Answer:"
comment = " ({number}: {text})"
explicit_comment = " ({number}: {text} So {option})"
option = "{letter}) {option}"
option_separator = ", "
answer_forms = ["{letter}"]
"""


def test_a_task_of_four_labels_that_is_no_nli(tmp_path: Path) -> None:
    folder = tmp_path / "sentiment"
    folder.mkdir()
    names = ["good", "bad", "mixed", "none"]
    (folder / "task.toml").write_text(TASK + "".join(LABEL.format(name) for name in names))
    (folder / "prompts.toml").write_text(PROMPTS)
    (tmp_path / "items.jsonl").write_text(
        '{"id": 1, "text": "Fine!", "labels": {"good": 2, "mixed": 1}, "reference": {"good": 70, "mixed": 30}}\n'
        '{"id": 2, "text": "Well.", "labels": ["none", "mixed"], "reference": {"none": 60, "mixed": 40}}\n'
    )
    settings = RunSettings(
        str(tmp_path / "items.jsonl"), task=str(folder), model="scripted", judge=JudgeSettings("balanced:24")
    )
    summary = run(settings, tmp_path / "out")
    assert summary.evaluation is not None
    assert [row.items for row in summary.evaluation.rows] == [2] * len(summary.evaluation.rows)
    rows = rows_of(tmp_path / "out/mjd.label-guided.jsonl")
    assert [list(row["distribution"]) for row in rows] == [names, names]


def judged_without(file: Path, out: Path, label: str) -> list[dict[str, Any]]:
    """The MJDs of items whose last annotator of ``label`` was never asked, made the plain way."""
    with out.open("w") as changed:
        for row in rows_of(file):
            labels = row["labels"]
            last = max(at for at, one in enumerate(labels) if one["label"] == label)
            changed.write(json.dumps(row | {"labels": labels[:last] + labels[last + 1 :]}) + "\n")
    settings = RunSettings(str(out), model="scripted", conditions=("label-guided",), judge=BALANCED, calibrate="off")
    folder = out.with_suffix("")
    run(settings, folder)
    return rows_of(folder / "mjd.label-guided.jsonl")


def test_the_leave_one_out_form_is_what_items_without_that_annotator_get(tmp_path: Path) -> None:
    """Independent of how it is made: the items are written again without the annotator, and run."""
    items = tmp_path / "items.jsonl"
    with items.open("w") as out:
        for number, labels in enumerate(("eennc", "nnnce", "ccenn")):
            row = {"id": f"i{number}", "premise": f"Premise {number}.", "hypothesis": "It follows."}
            out.write(json.dumps(row | {"labels": [{"annotator": str(at), "label": x} for at, x in enumerate(labels)]}))
            out.write("\n")
    run(RunSettings(str(items), model="scripted", conditions=("label-guided",), judge=BALANCED), tmp_path / "out")
    held = [row["leave_one_out"] for row in rows_of(tmp_path / "out/mjd.label-guided.jsonl")]
    assert [set(one) for one in held] == [{"entailment", "neutral", "contradiction"}] * 3
    for label in ("entailment", "neutral", "contradiction"):
        others = judged_without(items, tmp_path / f"without-{label}.jsonl", label[0])
        for one, other in zip(held, others, strict=True):
            assert one[label] == pytest.approx(other["distribution"], abs=1e-9)


def test_an_only_annotator_left_out_leaves_no_explanation(tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text('{"id": "1", "premise": "It rains.", "hypothesis": "It is wet.", "labels": ["e"]}\n')
    settings = RunSettings(str(items), model="scripted", conditions=("none", "label-guided"), judge=BALANCED)
    run(settings, tmp_path / "out")
    (row,), (none,) = (rows_of(tmp_path / f"out/mjd.{name}.jsonl") for name in ("label-guided", "none"))
    assert row["leave_one_out"] == {"entailment": pytest.approx(none["distribution"])}


def test_a_human_explanation_is_left_out_with_its_label_and_other_labels_change_nothing(
    items: Path, tmp_path: Path
) -> None:
    run(RunSettings(str(items), model="scripted", conditions=("none", "human")), tmp_path / "out")
    rows, none = (rows_of(tmp_path / f"out/mjd.{name}.jsonl") for name in ("human", "none"))
    for row, other in zip(rows, none, strict=True):
        assert row["leave_one_out"]["neutral"] == pytest.approx(other["distribution"])
        assert row["leave_one_out"]["entailment"] == row["leave_one_out"]["contradiction"] == row["distribution"]


class FailsHeldOut(Scripted):
    """Fails on the third item where its only explanation is missing."""

    def next_token_scores(self, sequences: Sequence[Sequence[int]], tokens: Sequence[Sequence[int]]) -> Any:
        texts = [bytes(t for t in s if t < 256).decode() for s in sequences]
        if any("Premise 3" in text and "Who knows" not in text for text in texts):
            raise ModelError("too difficult")
        return super().next_token_scores(sequences, tokens)


def test_an_item_whose_leave_one_out_form_fails_keeps_its_mjd_and_is_estimated_without_it(
    items: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = models.Backend("fails", "", lambda argument, options: FailsHeldOut(name="fails"))
    monkeypatch.setitem(models.BACKENDS._parts, "fails", backend)
    summary = run(RunSettings(str(items), model="fails", conditions=("human",)), tmp_path / "out")
    assert [(failure["id"], failure["stage"]) for failure in summary.failures] == [("i3", "judge human")]
    rows = {row["id"]: row for row in rows_of(tmp_path / "out/mjd.human.jsonl")}
    assert len(rows) == 5
    assert "leave_one_out" not in rows["i3"]
    assert "leave_one_out" in rows["i2"]
    assert len(rows_of(tmp_path / "out/posterior.jsonl")) == 5
    # Five items show nothing of what it tells, so it has no part in the prior, and a note says so.
    assert summary.posteriors[0].evidence == ()
    assert any("MJD human has no part" in note for note in summary.posteriors[0].calibration.notes)


@pytest.mark.parametrize(("calibrate", "leave_one_out"), [("off", True), ("reference", True), ("labels", False)])
def test_nothing_is_held_out_where_nobody_needs_it(
    calibrate: str, leave_one_out: bool, items: Path, tmp_path: Path
) -> None:
    settings = RunSettings(
        str(items), model="scripted", conditions=("human",), calibrate=calibrate, leave_one_out=leave_one_out
    )
    summary = run(settings, tmp_path / "out")
    assert "leave_one_out" not in rows_of(tmp_path / "out/mjd.human.jsonl")[0]
    assert summary.calls_made == 30
    assert len(rows_of(tmp_path / "out/posterior.jsonl")) == 5
    used = () if calibrate == "labels" else ("MJD human",)
    assert summary.posteriors[0].evidence == used
    assert any("leave-one-out" in note for note in summary.notes) == (calibrate == "labels")


def test_more_explanations_than_annotators_of_a_label_would_tell_of_the_hidden_one(tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    row = {"premise": "It rains.", "hypothesis": "It is wet.", "labels": ["n", "e"]}
    texts = [{"label": "n", "text": text, "source": "human"} for text in ("It may.", "Who knows?")]
    rows = [{"id": "1", **row, "explanations": texts}, {"id": "2", **row, "explanations": texts[:1]}]
    items.write_text("\n".join(map(json.dumps, rows)))
    summary = run(RunSettings(str(items), model="scripted", conditions=("human",)), tmp_path / "out")
    assert ["leave_one_out" in one for one in rows_of(tmp_path / "out/mjd.human.jsonl")] == [False, True]
    assert "posterior: left out for want of a leave-one-out form: 1 of MJD human" in summary.notes


def test_an_explanation_that_an_annotator_wrote_tells_of_their_label_however_it_was_selected(
    tmp_path: Path,
) -> None:
    items = tmp_path / "items.jsonl"
    texts = [{"label": label, "text": f"Because {label}."} for label in "enc"]
    row = {
        "id": "1",
        "premise": "It rains.",
        "hypothesis": "It is wet.",
        "labels": ["n", "e", "c"],
        "explanations": texts,
    }
    items.write_text(json.dumps(row))
    settings = RunSettings(str(items), model="scripted", explainer="items:human", conditions=("label-free",))
    run(settings, tmp_path / "out")
    assert rows_of(tmp_path / "out/mjd.label-free.jsonl")[0]["saw_labels"] is True


@pytest.mark.parametrize("calibrate", ["reference", "label"])
def test_a_calibration_that_cannot_be_is_refused_before_a_model_is_asked(calibrate: str, tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    items.write_text('{"id": "1", "premise": "It rains.", "hypothesis": "It is wet.", "labels": ["e"]}\n')
    with pytest.raises((InputError, UsageError)):
        run(RunSettings(str(items), model="scripted", calibrate=calibrate), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_labels_left_out_stand_in_the_order_in_which_they_were_given() -> None:
    """A set would give another order in each process, and files of killed and whole runs would differ."""
    labels = [f"label {at}" for at in (5, 2, 7, 1, 8, 3, 6, 4)]
    item = Item("1", {}, tuple(Annotation(label) for label in labels))
    pooled: Any = object()
    [(_, _, hidden)] = with_their_leave_one_out([(Asked(item, ()), pooled)])
    assert list(hidden) == labels
