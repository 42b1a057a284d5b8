"""Commands killed at random moments, again and again, end with the same bytes as one that nobody disturbed.

Killed outright, terminated or interrupted, during imports too; no call that was on disk is made again, and nobody sees
a traceback.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.classifiers.conftest import encoder as a_tiny_encoder
from tests.classifiers.conftest import rows

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
ENDED = {0, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, 128 + signal.SIGTERM, 128 + signal.SIGINT}
KILLS_IN_A_ROW = 4
AT_A_TIME = 2
# The command as it is, with one model more: it takes its time, and writes down every question that it is asked.
COMMAND = """
from labeldist.__main__ import main
import os, sys, time

def opened(argument, options):
    from labeldist.models.scripted import Scripted

    class Slow(Scripted):
        def note(self, kind, sequences):
            with open(os.environ["ASKED"], "a") as log:
                log.write("".join(f"{kind} {hash(tuple(s))}\\n" for s in sequences))
            time.sleep(0.005)
        def next_token_scores(self, sequences, tokens):
            self.note("judge", sequences)
            return super().next_token_scores(sequences, tokens)
        def generate(self, sequences, **settings):
            self.note("explain", sequences)
            return super().generate(sequences, **settings)

    return Slow(name="slow")

from labeldist.cli import signals
signals.install()
from labeldist.models import open as models
models.BACKENDS.add("slow")(models.Backend("slow", "", opened))
main()
"""
COMMANDS = {
    "run": ("run", "ITEMS", "--model", "slow", "--out", "OUT"),
    "explain": ("explain", "ITEMS", "--model", "slow", "--out", "OUT/explained.jsonl"),
    "judge": ("judge", "ITEMS", "--model", "slow", "--out", "OUT/mjd.jsonl", "--orders", "balanced:6"),
    "estimate": ("estimate", "ITEMS", "--out", "OUT/posterior.jsonl"),
    "experiment": (
        "experiment", "main", "--source", "ITEMS", "--explainer", "same", "--model", "slow", "--limit", "8",
        "--bootstrap", "20", "--draws", "1", "--out", "OUT",
    ),
    "train": (
        "train", "ITEMS", "--base", "ENCODER", "--targets", "reference", "--epochs", "3", "--evaluate-every", "4",
        "--max-length", "16", "--learning-rate", "0.01", "--out", "OUT",
    ),
}  # fmt: skip


encoder = a_tiny_encoder  # a fixture


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Items with labels and references, enough for several batches."""
    file = tmp_path_factory.mktemp("items") / "items.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows(16)))
    return file


class Undisturbed:
    """A command, what it gives when nobody disturbs it, and how long that takes."""

    def __init__(self, name: str, items: Path, encoder: Path | None, folder: Path) -> None:
        self.arguments = [
            str({"ITEMS": items, "ENCODER": encoder}.get(one, one)).replace("OUT", "{out}") for one in COMMANDS[name]
        ]
        self.folder = folder
        began = time.monotonic()
        process = self.start(folder / "whole")
        _, told = process.communicate()
        assert process.returncode == 0, told
        self.seconds = time.monotonic() - began
        self.files = results(folder / "whole")
        self.calls = finished_calls(folder / "whole")
        assert self.files

    def start(self, out: Path) -> subprocess.Popen[str]:
        out.mkdir(exist_ok=True)
        arguments = [sys.executable, "-c", COMMAND, *(one.format(out=out) for one in self.arguments)]
        environment = {**os.environ, "PYTHONHASHSEED": "0", "HF_HUB_OFFLINE": "1", "ASKED": str(asked(out))}
        return subprocess.Popen(
            arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
        )

    def killed(self, number: int, kills: int) -> int:
        """Kill it so often, let it end, and compare; how many of the kills came in time."""
        chance = random.Random(f"{self.arguments} {number}")
        out, in_time = self.folder / f"killed{number}", 0
        for _ in range(kills):
            process = self.start(out)
            time.sleep(chance.uniform(0.03, 0.8) * self.seconds)
            process.send_signal(chance.choice(SIGNALS))
            _, told = process.communicate()
            not_begun = "init_import_site" in told  # an interrupt before Python had read a line of ours
            assert process.returncode in ENDED or not_begun, told
            assert not ours(told), told
            in_time += process.returncode != 0
        before = finished_calls(out)
        asked(out).unlink(missing_ok=True)
        process = self.start(out)
        _, told = process.communicate()
        assert process.returncode == 0, told
        again = len(asked(out).read_text().splitlines()) if asked(out).exists() else 0
        assert again == self.calls - before, "a call that was on disk was made again, or one was lost"
        assert results(out) == self.files
        return in_time


def asked(out: Path) -> Path:
    return out.with_name(f"{out.name}.asked")


def ours(told: str) -> bool:
    """Whether there is a traceback; one of Python itself, before it comes to us, does not count."""
    return "Traceback" in told and "labeldist/" in told


def results(out: Path) -> dict[str, bytes]:
    """All files but the stores and what guards them; and but for where a training was taken up again, which differs."""
    files = (file for file in out.rglob("*") if file.is_file() and ".sqlite" not in file.name)
    return {str(file.relative_to(out)): undisturbed(file) for file in files}


def undisturbed(file: Path) -> bytes:
    content = file.read_bytes()
    if file.name == "training.json":
        found = json.loads(content)
        told = [
            note for note in found["notes"] if "not written whole" not in note
        ]  # killed while it wrote a checkpoint
        return json.dumps(found | {"resumed": None, "notes": told}).encode()
    if file.name == ".training.files":  # its line of training.json has another hash then
        return b"".join(line for line in content.splitlines(keepends=True) if b'"training.json"' not in line)
    return content


def finished_calls(out: Path) -> int:
    """How many calls are in the stores, read by sqlite3 alone."""
    count = 0
    for file in out.rglob("*.sqlite"):
        database = sqlite3.connect(file)
        try:
            count += int(database.execute("SELECT COUNT(*) FROM calls").fetchone()[0])
        except sqlite3.OperationalError:
            pass  # killed before the table was made
        finally:
            database.close()
    return count


def killed(name: str, kills: int, items: Path, encoder: Path | None, folder: Path) -> None:
    command = Undisturbed(name, items, encoder, folder)
    rows = [min(KILLS_IN_A_ROW, kills - done) for done in range(0, kills, KILLS_IN_A_ROW)]
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        in_time = sum(threads.map(command.killed, range(len(rows)), rows))
    # Two kills of a training may both be late on a machine that was slow when its time was taken.
    assert in_time >= kills // 3, "the kills came too late to test anything"


@pytest.mark.parametrize(
    ("name", "kills"), [("run", 21), ("explain", 12), ("judge", 16), ("estimate", 4), ("experiment", 5)]
)
def test_killed_at_random_moments(name: str, kills: int, items: Path, tmp_path: Path) -> None:
    killed(name, kills, items, None, tmp_path)


def test_a_training_killed_at_random_moments(items: Path, encoder: Path, tmp_path: Path) -> None:
    killed("train", 2, items, encoder, tmp_path)


def test_a_finished_run_asks_nothing_again(items: Path, tmp_path: Path) -> None:
    command = Undisturbed("run", items, None, tmp_path)
    asked(tmp_path / "whole").unlink()
    process = command.start(tmp_path / "whole")
    _, told = process.communicate()
    assert process.returncode == 0, told
    assert not asked(tmp_path / "whole").exists()
    assert results(tmp_path / "whole") == command.files


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kills"),
    [("run", 120), ("explain", 40), ("judge", 60), ("estimate", 20), ("experiment", 40), ("train", 20)],
)
def test_killed_very_often(name: str, kills: int, items: Path, encoder: Path, tmp_path: Path) -> None:
    killed(name, kills, items, encoder, tmp_path)
