"""The command on a page makes the same results again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Command
from tests.reporting.test_gather import lines, view_of

from labeldist.cli.commands import estimate, run
from labeldist.reporting.provenance import FLAGS, SWITCHES, command_of

WAYS = {
    "two pieces of evidence": ("--evidence", "llm=llm.jsonl", "--evidence", "too=llm.jsonl", "--point", "median:3"),
    "other spellings": ("--alias", "e=entailment", "--alias", "n=neutral", "--no-texts", "--interval", "0.5"),
    "what saw labels": ("--evidence", "llm.jsonl", "--saw-labels", "--calibrate", "off", "--no-annotator-biases"),
    "a part": ("--limit", "30", "--on-error", "skip", "--seed", "7", "--prior", "dirichlet", "--annotator-biases"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_command_makes_the_same_posterior(way: str, labeldist: Command, made: Path, tmp_path: Path) -> None:
    for name in ("items.jsonl", "llm.jsonl"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    done = labeldist("estimate", "items.jsonl", *WAYS[way], "--out", "first.jsonl")
    assert done.returncode == 0, done.stderr
    view = view_of(tmp_path / "first.jsonl", source=str(made / "items.jsonl"))
    command = dict(view["provenance"])["Made again by"]
    assert labeldist(*shlex.split(command)[1:], "--out", "again.jsonl").returncode == 0
    assert lines(tmp_path / "again.jsonl") == lines(tmp_path / "first.jsonl")


def test_the_seed_is_named_even_if_it_is_0(made: Path) -> None:
    assert dict(view_of(made / "run")["provenance"])["Seed"] == "0"


def row(settings: dict[str, Any], **opened_by: Any) -> Any:
    return {"opened_by": {"source": "a b.jsonl", **opened_by}, "settings": settings, "judged": {}, "posteriors": []}


def test_switches_of_a_run() -> None:
    told = command_of(row({"judge.explicit": True, "leave_one_out": False}, read={"aliases": {"1.0": "1"}}))
    assert shlex.split(told) == [
        "labeldist",
        "run",
        "a b.jsonl",
        "--alias",
        "1.0=1",
        "--explicit",
        "--no-leave-one-out",
    ]


def test_all_options_are_there() -> None:
    known = {
        name
        for one in (estimate, run)
        for option in one.command.params
        for name in (*option.opts, *option.secondary_opts)
    }
    assert {*FLAGS.values(), *SWITCHES.values()} <= known
