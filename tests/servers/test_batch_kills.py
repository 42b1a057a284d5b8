"""Commands in batches that are killed at each step, as real processes: nothing is asked twice, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.servers.batch_server import Batches, serving_batches
from tests.servers.fault_server import KEY, MODEL, Behaviour

# The command as it is, but that it looks more often, and kills itself at a call of one of its own functions.
COMMAND = """
import importlib, os, signal, sys
from functools import partial
import labeldist.models.server.batched as served
import labeldist.runs.batched as batched
batched.FIRST_LOOK = 0.01
served.Patience = partial(served.Patience, first=0.02, longest=0.2)
if os.environ.get("KILL"):
    where, number, when = os.environ["KILL"].split()
    module, kind, name = where.rsplit(".", 2)
    owner = getattr(importlib.import_module("labeldist." + module), kind)
    inner, calls = getattr(owner, name), []
    def killed(*arguments, **options):
        calls.append(1)
        due = len(calls) == int(number)
        if due and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        found = inner(*arguments, **options)
        if due:
            os.kill(os.getpid(), signal.SIGKILL)
        return found
    setattr(owner, name, killed)
from labeldist.cli.main import main
main(sys.argv[1:])
"""
DESK, PROVIDER, STORE = "calls.batches.Batches", "models.server.provider.Provider", "calls.store.Store"
FEW = [
    f"{PROVIDER}.create 1 after",  # made, and nobody knows its id
    f"{DESK}.taken 1 before",  # in the store, and still on the desk
]
ON_DESK = (
    ("collect", 7), ("make", 1), ("note", 1), ("note", 2), ("note", 3), ("end", 1), ("taken", 2), ("make", 2),
    ("note", 5), ("finish", 1),
)  # fmt: skip
AT_PROVIDER = (("upload", 1), ("create", 1), ("progress", 1), ("lines", 1), ("create", 2), ("lines", 2))
MANY = [
    f"{owner}.{name} {number} {when}"
    for owner, calls in ((DESK, ON_DESK), (PROVIDER, AT_PROVIDER), (STORE, (("add", 1), ("add", 3))))
    for name, number in calls
    for when in ("before", "after")
]
JUDGE = ("judge", "items.jsonl", "--explanations", "none", "--out", "OUT/mjd.jsonl")
RUN = ("run", "items.jsonl", "--explanations", "none,label-free", "--out", "OUT")
Provider = tuple[Batches, str, Path, dict[str, Any]]


def started(
    url: str, folder: Path, command: tuple[str, ...], out: str, kill: str = ""
) -> subprocess.CompletedProcess[str]:
    (folder / out).mkdir(exist_ok=True)
    arguments = [one.replace("OUT", out) for one in command]
    arguments += ["--model", f"server:{MODEL}@{url}", "--orders", "balanced:2", "--batch", "--json"]
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments], capture_output=True, text=True, check=False, cwd=folder,
        env={**os.environ, "KILL": kill, "LABELDIST_API_KEY": KEY},
    )  # fmt: skip


def results(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix in (".jsonl", ".json")}


@contextmanager
def undisturbed(folder: Path, command: tuple[str, ...]) -> Iterator[Provider]:
    """A provider that fails some lines at first, and what a command that nobody disturbs makes of it."""
    rows = [
        {"id": f"i{n}", "premise": f"Premise {n}.", "hypothesis": "It follows.", "labels": ["e", "n"]} for n in "123"
    ]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    held = Batches(fails=lambda prompt, tries: 500 if "Premise 2." in prompt and tries == 0 else None, looks=0)
    with serving_batches(held, Behaviour(lists=28, key=KEY)) as (url, _):
        done = started(url, folder, command, "whole")
        assert done.returncode == 0, done.stderr
        whole = {"files": results(folder / "whole"), "told": json.loads(done.stdout), "asked": sorted(held.sizes)}
        whole["answered"] = sum(held.answered.values())
        yield held, url, folder, whole


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with undisturbed(tmp_path_factory.mktemp("judging"), JUDGE) as provider:
        yield provider


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with undisturbed(tmp_path_factory.mktemp("running"), RUN) as provider:
        yield provider


def survives(kill: str, command: tuple[str, ...], provider: Provider) -> None:
    held, url, folder, whole = provider
    for one in (held.asked, held.answered, held.batches, held.files, held.requests):
        one.clear()
    out = kill.rpartition(".")[2].replace(" ", "-")
    done = started(url, folder, command, out, kill)
    assert done.returncode == -signal.SIGKILL, f"not killed: {done.stderr}"
    again = started(url, folder, command, out)
    assert again.returncode == 0, again.stderr
    assert results(folder / out) == whole["files"]
    assert set(held.answered.values()) == {1}, "an answer was asked for twice"
    assert sum(held.answered.values()) == whole["answered"]
    assert sorted(held.sizes) == whole["asked"], "a batch was made twice, or in parts"
    assert json.loads(again.stdout)["store"] == whole["told"]["store"]
    assert KEY not in done.stderr + again.stderr + again.stdout
    assert not any(KEY.encode() in file.read_bytes() for file in (folder / out).iterdir())


@pytest.mark.parametrize("kill", FEW)
def test_killed_at_the_hard_steps(kill: str, judging: Provider) -> None:
    survives(kill, JUDGE, judging)
    assert ("GET /v1/batches" in judging[0].requests) == ("create" in kill), "who looks for a batch, and who need not"


@pytest.mark.slow
@pytest.mark.parametrize("kill", MANY)
def test_killed_at_every_step(kill: str, running: Provider) -> None:
    survives(kill, RUN, running)
