"""No command writes its result over anything that it reads."""

from __future__ import annotations

import json
import os
import threading
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


def test_nothing_is_written_among_the_files_of_a_classifier(
    files: dict[str, bytes], labeldist: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "tuned").mkdir()
    (tmp_path / "tuned/model.safetensors").write_text("weights")
    (tmp_path / "link.jsonl").symlink_to("tuned/model.safetensors")
    for out in ("tuned/model.safetensors", "tuned/p.jsonl", "link.jsonl"):
        done = labeldist("predict", "items.jsonl", "--model", "tuned", "--out", out)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert [file.name for file in (tmp_path / "tuned").iterdir()] == ["model.safetensors"]
    assert (tmp_path / "tuned/model.safetensors").read_text() == "weights"


def test_results_go_through_pipes_and_standard_output(
    files: dict[str, bytes], labeldist: Callable[..., Any], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe.jsonl").read_bytes()))
    reader.start()
    judge = ("judge", "items.jsonl", "--model", "scripted", "--explanations", "none", "--out")
    assert labeldist(*judge, "pipe.jsonl").returncode == 0
    reader.join()
    assert read == [files["mjd.jsonl"]]
    done = labeldist(*judge, "/dev/stdout")
    assert done.stdout.encode().startswith(files["mjd.jsonl"])
    assert "4 rows" in done.stdout
