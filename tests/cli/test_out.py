"""No command writes its result over anything that it reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FILES = {"items": "items.jsonl", "mjd": "mjd.jsonl", "raw": "raw.jsonl"}
COMMANDS = [
    ("explain", "items", "--model", "scripted"),
    ("select", "raw", "--explanations", "label-free"),
    ("judge", "items", "--model", "scripted", "--explanations", "none"),
    ("estimate", "items", "--evidence", "mjd"),
    ("evaluate", "mjd", "--reference", "items"),
    ("plan", "items", "--evidence", "mjd"),
    ("submission", "mjd", "--reference", "items"),
    ("predict", "items", "--model", "nowhere"),
]


@pytest.fixture
def files(labeldist: Callable[..., Any], tmp_path: Path) -> dict[str, bytes]:
    rows = [
        {"id": str(at), "premise": "It rains.", "hypothesis": "It is wet.", "labels": ["e", "n"], "reference": {"e": 3}}
        for at in range(4)
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert labeldist("explain", "items.jsonl", "--model", "scripted", "--out", "raw.jsonl").returncode == 0
    judged = labeldist("judge", "items.jsonl", "--model", "scripted", "--explanations", "none", "--out", "mjd.jsonl")
    assert judged.returncode == 0
    return contents(tmp_path)


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES.values()}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_result_is_not_written_over_what_it_is_made_from(
    command: tuple[str, ...], files: dict[str, bytes], labeldist: Callable[..., Any], tmp_path: Path
) -> None:
    arguments = [FILES.get(argument, argument) for argument in command]
    read = sorted({FILES[argument] for argument in command if argument in FILES})
    for file in read:
        done = labeldist(*arguments, "--out", file)
        assert done.returncode == 2, (file, done.stdout)
        assert f"--out {file} would overwrite what it is made from" in done.stderr
        assert contents(tmp_path) == files
