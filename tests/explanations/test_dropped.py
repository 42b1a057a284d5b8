"""What is said where most of an answer's text is no explanation to the parser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labeldist.core.item import Answer, Item
from labeldist.datasets.source import open_source
from labeldist.explanations.condition import parse_condition
from labeldist.explanations.dropped import dropped_note, mostly_dropped, share_kept
from labeldist.explanations.parse import parse
from labeldist.models.open import ModelOptions, open_model
from labeldist.runs.pipeline import run
from labeldist.runs.settings import RunSettings
from labeldist.runs.single import explain_to_file, select_to_file

LIST = "Reasons:\n1. Rain makes streets wet.\n2. Snow melts in the sun."
REFUSAL = "There are no valid reasons why the statement is true, since it is false."


@pytest.mark.parametrize(
    ("answer", "share"),
    [
        (LIST, 36 / 43),  # letters of both, and those of "Reasons"
        (REFUSAL, 0),
        ("", 1),
        ("1. ", 1),
        ('{"explanations": ["It rains."]}', 1),
        ('```json\n["It rains.", "It pours."]\n```', 1),
        ("<answer>\n- It rains.\n</answer>", 1),
        ("<s> [INST] A long question? [/INST] 1. It rains.</s>", 1),
        ("- It rains.\n- it rains.\n- It  rains.", 1 / 3),
    ],
)
def test_the_share_of_the_letters_that_is_kept(answer: str, share: float) -> None:
    assert share_kept(answer, parse(answer)) == pytest.approx(share)


def test_one_answer_is_enough_and_those_of_others_do_not_count() -> None:
    item = Item("1", {}, answers=(Answer(LIST, "yes", "m"), Answer(REFUSAL, "no", "m"), Answer(LIST, "no", "n")))
    assert mostly_dropped(item, "m")
    assert not mostly_dropped(item, "n")


def test_the_note_counts_all_and_names_a_few() -> None:
    assert dropped_note([]) == []
    (note,) = dropped_note([str(at) for at in range(1234)])
    assert "1,234 items (0, 1, 2, ...)" in note
    assert "1 item (0):" in dropped_note(["0"])[0]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two items, to one of which the model refused an answer."""
    file = tmp_path / "items.jsonl"
    rows = [
        {
            "id": id_,
            "premise": "It rains.",
            "hypothesis": "It is wet.",
            "labels": ["e", "e", "n"],
            "answers": [{"text": text, "label": label, "source": "m"} for label, text in answers.items()],
        }
        for id_, answers in {
            "fine": {"entailment": LIST, "neutral": LIST, "contradiction": LIST},
            "refused": {"entailment": LIST, "neutral": LIST, "contradiction": REFUSAL},
        }.items()
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_select_says_so(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "selected.jsonl"
    summary = select_to_file(open_source(str(source)), parse_condition("label-guided"), out, source="m")
    (note,) = [note for note in summary.notes if note.startswith("most of an answer")]
    assert "1 item (refused)" in note


def test_a_run_says_so_once_for_all_conditions(source: Path, tmp_path: Path) -> None:
    settings = RunSettings(
        str(source), model="scripted", explainer="items:m", conditions=("label-guided", "label-guided:longest")
    )
    summary = run(settings, tmp_path / "out")
    (note,) = [note for note in summary.notes if note.startswith("most of an answer")]
    assert "1 item (refused)" in note


def test_explain_says_nothing_where_all_is_read(source: Path, tmp_path: Path) -> None:
    model = open_model("scripted", ModelOptions())
    summary = explain_to_file(open_source(str(source)), model, tmp_path / "explained.jsonl")
    assert not [note for note in summary.notes if note.startswith("most of an answer")]
    summary = explain_to_file(open_source(str(source)), model, tmp_path / "other.jsonl", profile="mjd-estimator:llama3")
    assert not [note for note in summary.notes if note.startswith("most of an answer")]
