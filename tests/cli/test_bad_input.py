"""Every kind of bad input ends in a message (where, found, expected, what to do) and status 2, never in a traceback."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]

GOOD = {"id": "1", "premise": "It rains.", "hypothesis": "It is wet.", "labels": ["e", "n"]}
GUIDED = ("--explanations", "label-guided")


def row(**changes: Any) -> bytes:
    """A good first row and a second one with these changes (None: the field is left out)."""
    second = {**GOOD, "id": "2", **changes}
    second = {name: value for name, value in second.items() if value is not Ellipsis}
    return json.dumps(GOOD).encode() + b"\n" + json.dumps(second).encode() + b"\n"


# Name: (content of items.jsonl, further arguments, what the message must contain).
ROWS: dict[str, tuple[bytes, tuple[str, ...], tuple[str, ...]]] = {
    "broken JSON": (row() + b'{"id": "3", "premise":\n', (), ("line 3", "JSON")),
    "no object": (row() + b'["id", "3"]\n', (), ("line 3", "object")),
    "missing field": (row(hypothesis=...), (), ("line 2", "'hypothesis'")),
    "missing id": (row(id=...), (), ("line 2", "'id'")),
    "empty id": (row(id=""), (), ("line 2", "'id'")),
    "id of a wrong type": (row(id=[1]), (), ("line 2", "'id'")),
    "duplicate id": (row(id="1"), (), ("line 2", "'id'", "line 1")),
    "empty text": (row(premise=""), (), ("line 2", "'premise'")),
    "blank text": (row(premise=" \n "), (), ("line 2", "'premise'")),
    "text of a wrong type": (row(premise=7), (), ("line 2", "'premise'", "7")),
    "unknown label": (row(labels=["e", "perhaps"]), (), ("line 2", "'labels", "perhaps", "entailment")),
    "label of a wrong type": (row(labels=[3]), (), ("line 2", "'labels", "3")),
    "labels of a wrong type": (row(labels="e"), (), ("line 2", "'labels'")),
    "count below zero": (row(labels={"e": -1}), (), ("line 2", "'labels", "-1")),
    "count that is no whole number": (row(labels={"e": 1.5}), (), ("line 2", "'labels", "1.5")),
    "count that is NaN": (row(labels={"e": float("nan")}), (), ("line 2", "NaN")),
    "reference that is infinite": (row(reference={"e": float("inf")}), (), ("line 2", "Infinity")),
    "reference below zero": (row(reference={"e": -0.1, "n": 1.1}), (), ("line 2", "'reference", "-0.1")),
    "reference of zeros": (row(reference={"e": 0}), (), ("line 2", "'reference'")),
    "label set that does not match": (row(reference={"yes": 60, "no": 40}), (), ("line 2", "'reference'", "yes")),
    "explanation without text": (row(explanations=[{"label": "e", "text": ""}]), (), ("line 2", "'explanations")),
    "explanation of an unknown label": (
        row(explanations=[{"label": "x", "text": "Because."}]),
        (),
        ("line 2", "'explanations", "'x'"),
    ),
    "evidence without distribution": (row(evidence={"llm": {}}), (), ("line 2", "'evidence")),
    "wrong encoding": (row() + '{"id": "é"}'.encode("latin-1") + b"\n", (), ("line 3", "UTF-8")),
    "NUL byte": (row() + b'{"id": "\x00"}\n', (), ("line 3",)),
    "line of 10 MB": (row(premise="x" * 10_000_000), (), ("line 2", "5,000,000 bytes")),
    "field named twice": (row() + b'{"id": "3", "id": "4", "premise": "a", "hypothesis": "b"}\n', (), ("line 3", "id")),
    "empty file": (b"", (), ("items.jsonl", "at least one")),
    "no labels with label-guided": (row(labels=...), GUIDED, ("items.jsonl", "'labels'", "'2'", "label-free")),
    "no annotators of the group": (row(), ("--explanations", "crowd-guided"), ("crowd-guided", "label-free")),
    "no human explanations": (row(), ("--explanations", "human"), ("items.jsonl", "'explanations'", "human")),
}


@pytest.mark.parametrize("kind", ROWS)
def test_bad_rows(kind: str, labeldist: Command, tmp_path: Path) -> None:
    content, arguments, expected = ROWS[kind]
    (tmp_path / "items.jsonl").write_bytes(content)
    done = labeldist("run", "items.jsonl", "--model", "scripted", "--out", "out", *arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    for part in expected:
        assert part in done.stderr
    assert "found" in done.stderr or "no " in done.stderr
    assert len(done.stderr) < 2000
    assert not list(tmp_path.glob("out/mjd*"))


# Name: (arguments, files by name, what the message must contain).
CALLS: dict[str, tuple[tuple[str, ...], dict[str, bytes], tuple[str, ...]]] = {
    "no such file": (("run", "nowhere.jsonl"), {}, ("nowhere.jsonl", "no such file")),
    "unknown data set": (("run", "chaosnli-snl"), {}, ("chaosnli-snli",)),
    "a folder": (("run", "folder.jsonl"), {"folder.jsonl/x": b""}, ("folder",)),
    "no file of rows": (("run", "items.doc"), {"items.doc": b"\0\1" * 99}, ("items.doc", ".jsonl")),
    "broken gzip": (("run", "items.jsonl.gz"), {"items.jsonl.gz": gzip.compress(row())[:-9]}, ("items.jsonl.gz",)),
    "CSV without a header": (("run", "items.csv"), {"items.csv": b""}, ("items.csv",)),
    "CSV with a ragged row": (
        ("run", "items.csv"),
        {"items.csv": b"id,premise,hypothesis\n1,It rains.,It is wet.\n2,It rains.\n"},
        ("items.csv", "line 3"),
    ),
    "no Parquet": (("run", "items.parquet"), {"items.parquet": b"PAR1 not really"}, ("items.parquet",)),
    "unknown model": (("run", "items.jsonl", "--model", "embeded"), {"items.jsonl": row()}, ("'embedded'",)),
    "unknown command": (("jugde",), {}, ("judge",)),
    "unknown option": (("run", "items.jsonl", "--modle", "x"), {"items.jsonl": row()}, ("--model",)),
    "bad orders": (("run", "items.jsonl", "--orders", "some"), {"items.jsonl": row()}, ("balanced:N",)),
    "auto orders without a number": (
        ("judge", "items.jsonl", "--orders", "auto"),
        {"items.jsonl": row()},
        ("auto:SE",),
    ),
    "auto orders of nan": (("run", "items.jsonl", "--orders", "auto:nan"), {"items.jsonl": row()}, ("at most 0.5",)),
    "bad transform": (("judge", "items.jsonl", "--transform", "softmx"), {"items.jsonl": row()}, ("softmax",)),
    "bad condition": (("run", "items.jsonl", "--explanations", "guided"), {"items.jsonl": row()}, ("label-guided",)),
    "bad parser": (("explain", "items.jsonl", "--parser", "claen"), {"items.jsonl": row()}, ("clean",)),
    "bad limit": (("run", "items.jsonl", "--limit", "0"), {"items.jsonl": row()}, ("--limit",)),
    "bad task": (("run", "items.jsonl", "--task", "nil"), {"items.jsonl": row()}, ("'nli'",)),
    "a bad script": (
        ("run", "items.jsonl", "--model", "scripted:s.json"),
        {"items.jsonl": row(), "s.json": b"{"},
        ("s.json",),
    ),
    "a file for a folder": (("run", "items.jsonl", "--out", "items.jsonl"), {"items.jsonl": row()}, ("items.jsonl",)),
    "a folder for a file": (("judge", "items.jsonl", "--out", "."), {"items.jsonl": row()}, ("--out",)),
    "no reference": (("evaluate", "--reference", "items.jsonl"), {"items.jsonl": row()}, ("reference",)),
    "a prediction that is no distribution": (
        ("evaluate", "p.jsonl", "--reference", "items.jsonl"),
        {"items.jsonl": row(reference={"e": 1}), "p.jsonl": b'{"id": "2", "distribution": {"e": 0.7, "n": 0.7}}\n'},
        ("p.jsonl", "line 1", "'distribution'"),
    ),
    "predictions of other items": (
        ("evaluate", "p.jsonl", "--reference", "items.jsonl"),
        {"items.jsonl": row(reference={"e": 1}), "p.jsonl": b'{"id": "9", "distribution": {"e": 1, "n": 0, "c": 0}}\n'},
        ("'2'", "skip"),
    ),
    "an unknown metric": (
        ("evaluate", "--reference", "items.jsonl", "--metrics", "kll"),
        {"items.jsonl": row(reference={"e": 1})},
        ("'kl'",),
    ),
    "a select without explanations": (("select", "items.jsonl"), {"items.jsonl": row()}, ("explanation",)),
    "an unknown data set to fetch": (("datasets", "fetch", "variers"), {}, ("'varierr'",)),
}


@pytest.mark.parametrize("kind", CALLS)
def test_bad_calls(kind: str, labeldist: Command, tmp_path: Path) -> None:
    arguments, files, expected = CALLS[kind]
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    if arguments[0] in ("run", "explain", "judge") and "--model" not in arguments:
        arguments = (*arguments, "--model", "scripted")
    done = labeldist(*arguments)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    for part in expected:
        assert part in done.stderr


def test_skipped_rows_are_counted_and_named(labeldist: Command, tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_bytes(row(labels=["perhaps"]) + b"{\n")
    done = labeldist("run", "items.jsonl", "--model", "scripted", "--on-error", "skip", "--out", "out", "--json")
    assert done.returncode == 1
    summary = json.loads(done.stdout)
    assert summary["items"] == 1
    failures = [json.loads(line) for line in (tmp_path / "out/failures.jsonl").read_text().splitlines()]
    assert failures == summary["failures"]
    assert [(failure["id"], failure["line"]) for failure in failures] == [("2", 2), (None, 3)]
    assert [json.loads(line)["id"] for line in (tmp_path / "out/mjd.none.jsonl").read_text().splitlines()] == ["1"]


@pytest.mark.parametrize("command", ["doctor", "judge", "explain"])
def test_a_second_model_is_refused_where_one_is_asked(command: str, labeldist: Command, tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_bytes(json.dumps(GOOD).encode())
    done = labeldist(command, "items.jsonl", "--model", "scripted", "--model", "embedded")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"2 models, of which `labeldist {command}` asks one: scripted, embedded" in done.stderr
