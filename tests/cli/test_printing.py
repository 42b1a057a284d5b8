"""What a person sees is safe to look at, and a side channel that is closed, full or broken ends no work."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeldist
from labeldist.core.visible import visible, visible_json

SOURCE = Path(labeldist.__file__).parent
HOSTILE = "a\x1b[31mred\x9b2J\u202egnp.\u2028line\nlabeldist: error: forged\r\x00"
# What a printing command may print itself; the one exit has the other ways.
WAYS = {"print", "echo", "secho", "style"}
DIRECT = ("sys.stdout.write", "sys.stderr.write", "sys.__stderr__.write", "sys.__stdout__.write", "console.print")


def test_there_is_one_exit() -> None:
    found = []
    for file in SOURCE.rglob("*.py"):
        if file.name == "printing.py":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                if name == "print" or name in DIRECT or (name.startswith("click.") and name[6:] in WAYS):
                    found.append(f"{file.relative_to(SOURCE)}:{node.lineno}: {name}")
    assert not found


@given(st.text(st.characters()))
def test_nothing_that_acts_or_hides_is_left(text: str) -> None:
    for shown, kept in ((visible(text), ""), (visible(text, lines=True), "\n\t")):
        left = [sign for sign in shown if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") and sign not in kept]
        assert not left
        assert not [sign for sign in shown if unicodedata.bidirectional(sign) in BIDIRECTIONAL]
    assert json.loads(visible_json(json.dumps([text], ensure_ascii=False))) == [text]


BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@pytest.fixture
def hostile_items(tmp_path: Path) -> Path:
    """Items whose id, texts and groups act on a terminal."""
    rows = [
        {
            "id": f"{at}{HOSTILE.replace(chr(0), '')}",
            "premise": HOSTILE.replace("\x00", ""),
            "hypothesis": "[red]x[/red]",
            "labels": [{"annotator": "g\x1b[1m/1", "label": "e"}, {"annotator": "h\u202e/1", "label": "n"}],
            "reference": {"e": 30, "n": 70},
        }
        for at in range(3)
    ]
    file = tmp_path / "items.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def acting(text: str) -> list[str]:
    return [
        sign
        for sign in text
        if (unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t")
        or unicodedata.bidirectional(sign) in BIDIRECTIONAL
    ]


def test_what_a_run_prints_and_writes_for_people_is_safe(labeldist: Callable[..., Any], hostile_items: Path) -> None:
    done = labeldist("run", hostile_items, "--model", "scripted", "--out", "r", "--explanations", "none,label-guided")
    assert done.returncode == 0, done.stderr
    assert "\\x1b[31mred" in done.stdout
    assert "[red]x[/red]" in done.stdout
    page = (hostile_items.parent / "r" / "evaluation.md").read_text()
    assert not acting(done.stdout + done.stderr + page)
    assert not [
        line for line in (done.stdout + done.stderr).splitlines() if line.startswith("labeldist: error: forged")
    ]
    machine = labeldist("estimate", hostile_items, "--out", "p.jsonl", "--json")
    assert machine.returncode == 0
    assert not acting(machine.stdout)
    assert json.loads(machine.stdout)


def test_errors_about_hostile_names_are_safe(labeldist: Callable[..., Any], tmp_path: Path) -> None:
    for arguments in (
        ["estimate", "no\x1b[31m\u202esuch\nlabeldist: error: forged.jsonl"],
        ["run", "demo", "--no\x1b[2Jsuch"],
        ["\x1b[31m"],
        ["run", "demo", "--model", "server:m@http://a\x1b[31mb"],
    ):
        done = labeldist(*arguments)
        assert done.returncode == 2, arguments
        assert done.stderr
        assert not acting(done.stderr)
        assert len([line for line in done.stderr.splitlines() if line.startswith("labeldist: error")]) <= 1


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``labeldist`` as a shell starts it, with its streams as ``command`` says."""
    return subprocess.run(
        ["bash", "-c", command.replace("labeldist", f"{sys.executable} -m labeldist")],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **environment},
        check=False,
    )


def test_standard_error_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    run = "labeldist run demo --model scripted --limit 2 --explanations none"
    shell(f"{run} --out plain", tmp_path)
    for name, streams in (("closed", "2>&-"), ("full", "2>/dev/full"), ("all", "0<&- 2>&-")):
        done = shell(f"{run} --out {name} {streams}", tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), name
        for file in ("mjd.none.jsonl", "posterior.jsonl", "evaluation.json"):
            assert (tmp_path / name / file).read_bytes() == (tmp_path / "plain" / file).read_bytes()
    assert shell("labeldist estimate nowhere.jsonl 2>&-", tmp_path).returncode == 2


def test_standard_output_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    for streams, said in ((">/dev/full", "No space left on device"), (">&-", "closed")):
        done = shell(f"labeldist tasks list {streams}", tmp_path)
        assert done.returncode == 1
        assert done.stderr.count("\n") <= 2
        assert "standard output" in done.stderr
        assert said in done.stderr
    gone = shell("(labeldist tasks list; echo status $? >&2) | true", tmp_path)
    assert gone.stderr in ("status 1\n", "status 0\n")  # who reads may be gone before or after it was written
    narrow = shell("labeldist tasks show nli-zh", tmp_path, PYTHONIOENCODING="ascii")
    assert narrow.returncode == 0, narrow.stderr


def test_without_a_home_whatever_needs_none_works(tmp_path: Path) -> None:
    """As a user whom the system does not know, with no HOME."""
    start = "import os; os.environ.pop('HOME', None); os.environ.pop('LABELDIST_DATA', None); "
    # The system's own look-up of the home is what fails for an unknown user; nobody else can become one here.
    lost = "import pathlib; pathlib.Path.home = classmethod(lambda c: (_ for _ in ()).throw(RuntimeError('no home'))); "
    for arguments, status, said in (
        (["estimate", "demo", "--out", "p.jsonl"], 0, ""),
        (["datasets"], 0, ""),
        (["estimate", "varierr", "--out", "q.jsonl"], 2, "not on this machine"),
        (["datasets", "fetch", "varierr"], 2, "LABELDIST_CACHE"),
    ):
        main = f"from labeldist.cli.main import main; main({arguments!r})"
        done = subprocess.run(
            [sys.executable, "-c", start + lost + main], capture_output=True, text=True, cwd=tmp_path, check=False
        )
        assert done.returncode == status, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr
