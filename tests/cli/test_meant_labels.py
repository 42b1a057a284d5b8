"""Labels that would be dropped or counted wrongly in silence: misspelt columns, repeated annotators, other Unicode."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labeldist.core.errors import InputError
from labeldist.datasets.source import open_source

Command = Callable[..., Any]
TEXTS = {"premise": "It rains.", "hypothesis": "It is wet."}
ANNOTATED = [{"annotator": "a1", "label": "e"}, {"annotator": "a2", "label": "n"}]


def written(folder: Path, rows: list[dict[str, Any]], name: str = "items.jsonl") -> str:
    lines = (json.dumps({"id": str(at)} | TEXTS | row, ensure_ascii=False) + "\n" for at, row in enumerate(rows))
    (folder / name).write_text("".join(lines), encoding="utf-8")
    return name


COMMANDS: dict[str, tuple[object, ...]] = {
    "estimate": ("estimate", "SOURCE"),
    "estimate off": ("estimate", "SOURCE", "--calibrate", "off"),
    "plan": ("plan", "SOURCE"),
    "run": ("run", "SOURCE", "--model", "scripted", "--explanations", "none"),
    "evaluate": ("evaluate", "--reference", "SOURCE"),
    "judge": ("judge", "SOURCE", "--model", "scripted"),
    "explain": ("explain", "SOURCE", "--model", "scripted"),
    "doctor": ("doctor", "SOURCE", "--model", "scripted"),
}


def called(labeldist: Command, command: str, source: str, *more: object) -> Any:
    return labeldist(*(source if part == "SOURCE" else part for part in COMMANDS[command]), *more)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_names_the_column_that_was_meant(command: str, labeldist: Command, tmp_path: Path) -> None:
    source = written(tmp_path, [{"lables": ANNOTATED, "page": at, "reference": {"e": 3, "n": 2}} for at in range(3)])
    done = called(labeldist, command, source)
    assert done.returncode == 2, done.stdout
    for part in ("items.jsonl, line 1", "'lables'", "3 of 3 items", "did you mean 'lables'?"):
        assert part in done.stderr
    assert {file.name for file in tmp_path.iterdir()} == {source}


@pytest.mark.parametrize(
    "column",
    [
        {"label": "e"},
        {"lables": ["e"]},
        {"crowd": ["e", "n", "n"]},
        {"worker_answers": {"w1": "entailment", "w2": "neutral"}},
        {"raw": '["e", "e"]'},
        {"entailment": 3, "neutral": 2, "contradiction": 0},
        {"labels_entailment": 3, "labels_neutral": 2, "labels_contradiction": 0},
    ],
    ids=lambda column: next(iter(column)),
)
def test_what_looks_like_labels_is_not_dropped(column: dict[str, Any], tmp_path: Path) -> None:
    source = tmp_path / written(tmp_path, [column, column])
    with pytest.raises(InputError, match="looks like them") as caught:
        list(open_source(str(source)).items())
    assert f"did you mean '{next(iter(column))}'?" in caught.value.hint


@pytest.mark.parametrize(
    "column",
    [
        {"Labels": ["e", "n"]},
        {"votes": {"e": 1, "n": 1, "c": 0}},
        {"annotations": "e;n"},
        {"annotations": ANNOTATED},
        {"n_entailment": 1, "n_neutral": 1, "n_contradiction": 0},
        {"entailment count": 1, "neutral count": 1, "contradiction count": 0},
    ],
    ids=repr,
)
def test_labels_under_the_names_of_elsewhere_are_read_and_that_is_said(column: dict[str, Any], tmp_path: Path) -> None:
    more = {"votes": {"e": 1, "n": 1, "c": 3}}
    other = {name: value + 1 if isinstance(value, int) else more.get(name, value) for name, value in column.items()}
    found = open_source(str(tmp_path / written(tmp_path, [column, other, column])))
    assert next(iter(column)) in found.told
    first = next(found.items())
    assert first.label_counts(("entailment", "neutral", "contradiction")) == (1, 1, 0)


@pytest.mark.parametrize(
    ("column", "value", "part"),
    [
        ("refrence", {"e": 3, "n": 2}, "reference"),
        ("References", {"e": 0.6, "n": 0.4, "c": 0}, "reference"),
        ("evidances", {"llm": {"distribution": {"e": 0.6, "n": 0.3, "c": 0.1}, "saw_labels": False}}, "evidence"),
        ("explanation", [{"label": "e", "text": "It is."}], "explanations"),
    ],
)
def test_other_parts_are_not_dropped_either(
    column: str, value: object, part: str, labeldist: Command, tmp_path: Path
) -> None:
    source = written(tmp_path, [{"labels": ["e", "n"], column: value}] * 2)
    done = called(labeldist, "estimate", source)
    assert done.returncode == 2
    for told in (f"no {part}, but a column '{column}'", "2 of 2 items", f"Rename it to '{part}'"):
        assert told in done.stderr
    both = written(tmp_path, [{"labels": ["e", "n"], column: value, part: value}, {"labels": ["e"], column: "p. 3"}])
    assert called(labeldist, "estimate", both).returncode == 0


def test_a_count_in_another_case_is_not_left_out(labeldist: Command, tmp_path: Path) -> None:
    source = written(tmp_path, [{"labels.entailment": 1, "labels.neutral": 1, "Labels.contradiction": 5}])
    done = called(labeldist, "estimate", source)
    assert done.returncode == 2
    assert "found column 'Labels.contradiction', expected 'labels.contradiction'" in done.stderr


def test_numbers_of_a_model_are_no_counts(labeldist: Command, tmp_path: Path) -> None:
    said = {"pred_entailment": 1, "pred_neutral": 0, "pred_contradiction": 0, "a_0": 1, "a_1": 2, "a_2": 3}
    done = called(labeldist, "judge", written(tmp_path, [said] * 2))
    assert done.returncode == 0, done.stderr


def test_some_rows_under_another_name(labeldist: Command, tmp_path: Path) -> None:
    rows = [{"labels": ["e", "n"]}] * 8 + [{"label": ["e"]}] * 2
    source = written(tmp_path, rows)
    done = called(labeldist, "estimate", source)
    assert done.returncode == 2
    for part in ("line 9", "'label'", "2 of 10 items"):
        assert part in done.stderr
    skipped = called(labeldist, "estimate", source, "--on-error", "skip", "--json")
    assert skipped.returncode == 1
    found = json.loads(skipped.stdout)
    assert found["items"] == 8
    assert [row["line"] for row in found["failures"]] == [9, 10]


def test_a_column_that_labelled_items_have_too_is_one_of_its_own(labeldist: Command, tmp_path: Path) -> None:
    rows = [{"label": "e"}, {"labels": ["e", "n"], "label": "e"}, {"labels": ["n"], "label": "n"}]
    assert called(labeldist, "estimate", written(tmp_path, rows)).returncode == 0


def test_a_single_label_elsewhere_is_named_and_no_obstacle(labeldist: Command, tmp_path: Path) -> None:
    source = written(tmp_path, [{"gold": "e", "page": 1}] * 2)
    done = called(labeldist, "estimate", source)
    assert done.returncode == 2
    for part in ("no label on any of 2 items", "gold, page", "did you mean 'gold'?"):
        assert part in done.stderr
    run = called(labeldist, "run", source, "--out", "out")
    assert run.returncode == 0, run.stderr
    assert "did you mean 'gold'?" in run.stderr


def test_labels_are_not_needed_where_nothing_is_learned_from_them(labeldist: Command, tmp_path: Path) -> None:
    said = {"llm": {"distribution": {"e": 0.6, "n": 0.3, "c": 0.1}, "saw_labels": False}}
    source = written(tmp_path, [{"evidence": said}] * 2)
    refused = called(labeldist, "estimate", source)
    assert refused.returncode == 2
    assert "--calibrate off" in refused.stderr
    done = called(labeldist, "estimate off", source)
    assert done.returncode == 0, done.stderr
    assert "no item has labels" in done.stderr
    bare = written(tmp_path, [{}] * 2, "bare.jsonl")
    assert called(labeldist, "estimate off", bare).returncode == 2


TWICE = [
    {"labels": [{"annotator": name, "label": label} for name, label in (("a", "e"), ("b", "n"), (" a ", "c"))]},
    {"labels": [{"annotator": "a", "label": "n"}, {"annotator": "b", "label": "n"}]},
    {"labels": ["n", "n", "e"]},
]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_annotator_twice_on_an_item_is_refused_with_the_count(
    command: str, labeldist: Command, tmp_path: Path
) -> None:
    source = written(tmp_path, [row | {"reference": {"e": 2, "n": 3}} for row in TWICE])
    done = called(labeldist, command, source)
    assert done.returncode == 2, done.stdout
    for part in (
        "line 1, field 'labels'",
        "annotator 'a'",
        "1 repeated label on 1 of 3 items",
        "--repeated-labels first",
    ):
        assert part in done.stderr
    assert called(labeldist, command, source, "--repeated-labels", "each").returncode == 0


def counts(folder: Path) -> list[dict[str, int]]:
    rows = (folder / "posterior.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(row)["label_counts"] for row in rows]


@pytest.mark.parametrize(
    ("way", "first"), [("first", (1, 1, 0)), ("last", (0, 1, 1)), ("each", (1, 1, 1))], ids=["first", "last", "each"]
)
def test_each_way_counts_as_it_says(way: str, first: tuple[int, ...], labeldist: Command, tmp_path: Path) -> None:
    source = written(tmp_path, TWICE)
    done = called(labeldist, "estimate", source, "--repeated-labels", way)
    assert done.returncode == 0, done.stderr
    found = [tuple(row.values()) for row in counts(tmp_path)]
    assert found == [first, (0, 2, 0), (1, 2, 0)]


def test_such_items_may_be_skipped_and_a_run_keeps_to_its_way(labeldist: Command, tmp_path: Path) -> None:
    source = written(tmp_path, TWICE)
    skipped = called(labeldist, "estimate", source, "--on-error", "skip", "--json")
    assert skipped.returncode == 1
    assert [row["id"] for row in json.loads(skipped.stdout)["failures"]] == ["0"]
    more = ("--orders", "balanced:2", "--out", "out", "--repeated-labels")
    assert called(labeldist, "run", source, *more, "first").returncode == 0
    other = called(labeldist, "run", source, *more, "last")
    assert other.returncode == 2
    assert "repeated_labels was 'first', is 'last'" in other.stderr


def test_names_are_one_in_both_unicode_forms(labeldist: Command, tmp_path: Path) -> None:
    nfc, nfd = (unicodedata.normalize(form, "négatif") for form in ("NFC", "NFD"))
    assert labeldist("tasks", "new", "fr", "--labels", f"{nfc},neutre", "--fields", "text").returncode == 0
    rows: list[dict[str, Any]] = [
        {"text": "Bof.", "labels": [nfd, "neutre"]},
        {"text": "Bien.", "labels": {nfd: 2}},
        {"text": "Non.", "labels": [{"annotator": "zoé", "label": nfd}, {"annotator": "zoe\u0301", "label": nfc}]},
    ]
    source = written(tmp_path, rows)
    refused = labeldist("estimate", source, "--task", "fr")
    assert refused.returncode == 2
    assert "2 labels of item '2' by annotator 'zoé'" in refused.stderr
    done = labeldist("estimate", source, "--task", "fr", "--repeated-labels", "last")
    assert done.returncode == 0, done.stderr
    assert [tuple(row.values()) for row in counts(tmp_path)] == [(1, 1), (2, 0), (1, 0)]
    task = tmp_path / "fr" / "task.toml"
    task.write_text(task.read_text(encoding="utf-8").replace("neutre", nfd.upper()), encoding="utf-8")
    doubled = labeldist("estimate", source, "--task", "fr")
    assert doubled.returncode == 2
    assert "for two labels" in doubled.stderr


def test_ids_in_another_unicode_form_are_told(labeldist: Command, tmp_path: Path) -> None:
    source = written(tmp_path, [{"id": "café", "labels": ["e", "n"], "reference": {"e": 30, "n": 70}}])
    said = {"distribution": {"e": 0.6, "n": 0.3, "c": 0.1}, "saw_labels": False, "id": "cafe\u0301"}
    written(tmp_path, [said], "mjd.jsonl")
    for command in (("estimate", source, "--evidence", "mjd.jsonl"), ("evaluate", "mjd.jsonl", "--reference", source)):
        done = labeldist(*command)
        assert done.returncode == 2
        assert "another Unicode form" in done.stderr
