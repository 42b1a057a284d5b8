"""What one command writes in any format, every other reads, and finds what it would have found in JSONL."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labeldist.datasets.files import read_items
from labeldist.datasets.predictions import read_predictions
from labeldist.tasks.load import load_task

NLI = load_task("nli")
Command = Callable[..., Any]


@pytest.fixture
def source(tmp_path: Path) -> str:
    labels = [["e", "e", "n"], ["n", "c", "n"], ["c", "c"], ["e", "n", "n"]]
    rows = [
        {
            "id": str(at),
            "premise": f'It "rains",\n{at} times.',
            "hypothesis": "It is wet.",
            "labels": [{"annotator": f"a{who}", "label": label} for who, label in enumerate(given)],
            "reference": {"e": 30 + at, "n": 50, "c": 20 - at},
            "page": at,
        }
        for at, given in enumerate(labels)
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "items.jsonl"


def good(labeldist: Command, *arguments: object) -> Any:
    done = labeldist(*arguments)
    assert done.returncode == 0, (arguments, done.stderr)
    return done


@pytest.mark.parametrize(
    "suffix", [".csv", ".parquet", *(pytest.param(one, marks=pytest.mark.slow) for one in (".tsv", ".csv.gz"))]
)
def test_the_stages_hand_on_tables(suffix: str, source: str, labeldist: Command, tmp_path: Path) -> None:
    for kind in (".jsonl", suffix):
        asked = ("--model", "scripted")
        good(labeldist, "explain", source, *asked, "--out", f"raw{kind}")
        good(labeldist, "select", f"raw{kind}", "--explanations", "label-guided", "--out", f"selected{kind}")
        good(
            labeldist,
            "judge",
            f"selected{kind}",
            *asked,
            "--orders",
            "balanced:2",
            "--leave-one-out",
            "--out",
            f"mjd{kind}",
        )
        good(labeldist, "estimate", source, "--evidence", f"mjd{kind}", "--out", f"posterior{kind}")
    for name in ("raw", "selected"):
        assert list(read_items(tmp_path / f"{name}{suffix}", NLI)) == list(read_items(tmp_path / f"{name}.jsonl", NLI))
    for name in ("mjd", "posterior"):
        found, expected = (list(read_predictions(tmp_path / f"{name}{kind}", NLI)) for kind in (suffix, ".jsonl"))
        assert found == expected
    told = [
        json.loads(
            good(labeldist, "evaluate", f"m=mjd{kind}", f"p=posterior{kind}", "--reference", source, "--json").stdout
        )
        for kind in (".jsonl", suffix)
    ]
    assert told[0] == told[1]
    good(labeldist, "plan", source, "--evidence", f"mjd{suffix}", "--no-references")


@pytest.mark.parametrize("command", ["explain", "select", "judge", "estimate", "predict"])
def test_an_unknown_format_is_refused_before_any_work(command: str, labeldist: Command, tmp_path: Path) -> None:
    # Neither the source nor the model exists: nobody has looked for them yet.
    more = ["--model", "nowhere"] if command in ("judge", "explain", "predict") else []
    done = labeldist(command, "nowhere.jsonl", *more, "--out", "x.xlsx")
    assert done.returncode == 2
    assert "'.xlsx'" in done.stderr
    assert ".csv" in done.stderr
    assert ".parquet" in done.stderr
    assert not [*tmp_path.iterdir()]


def test_scores_and_logits_are_evaluated_and_estimated_from(source: str, labeldist: Command, tmp_path: Path) -> None:
    forms = {
        "distribution": {"e": 0.5, "n": 0.25, "c": 0.25},
        "scores": {"e": 0.8, "n": 0.4, "c": 0.4},
        "logits": {"e": 0.6931471805599453, "n": 0, "c": 0},
    }
    told = []
    for form, numbers in forms.items():
        rows = ({"id": str(at), form: numbers, "saw_labels": False} for at in range(4))
        (tmp_path / f"{form}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        done = good(labeldist, "evaluate", f"m={form}.jsonl", "--reference", source, "--json")
        told.append(json.loads(done.stdout)["evaluation"]["rows"][0]["metrics"]["kl"]["value"])
        good(labeldist, "estimate", source, "--evidence", f"{form}.jsonl", "--out", f"of-{form}.jsonl")
    assert told == pytest.approx([told[0]] * 3)
