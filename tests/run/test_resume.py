"""A run killed at any moment and started again repeats no finished call and ends with the same results."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

KILLS = 20
ITEMS = 24
# Runs in a process of its own: a model that takes its time, and writes down every question it is asked.
RUN = """
import sys, time
from pathlib import Path
from labeldist.judge.judge import JudgeSettings
from labeldist.models import open as models
from labeldist.models.scripted import Scripted
from labeldist.run.pipeline import run
from labeldist.run.settings import RunSettings

class Slow(Scripted):
    def note(self, kind, sequences):
        with asked.open("a") as log:
            log.writelines(f"{kind} {hash(tuple(s))}\\n" for s in sequences)
        time.sleep(0.01)
    def next_token_scores(self, sequences, tokens):
        self.note("judge", sequences)
        return super().next_token_scores(sequences, tokens)
    def generate(self, sequences, **settings):
        self.note("explain", sequences)
        return super().generate(sequences, **settings)

items, out, asked = (Path(argument) for argument in sys.argv[1:])
models.BACKENDS.add("slow")(models.Backend("slow", "", lambda argument, options: Slow(name="slow")))
settings = RunSettings(
    str(items), model="slow", conditions=("none", "label-free", "label-guided:longest"),
    judge=JudgeSettings("balanced:12"),
)
run(settings, out)
"""


def start(items: Path, out: Path, asked: Path) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-c", RUN, str(items), str(out), str(asked)]
    return subprocess.Popen(arguments, env={**os.environ, "PYTHONHASHSEED": "0"})


def results(out: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in out.iterdir() if not file.name.startswith("run.sqlite")}


def finished_calls(out: Path) -> int:
    """How many calls are in the store, read by sqlite3 alone; 0 where there is none yet."""
    if not (out / "run.sqlite").exists():
        return 0
    database = sqlite3.connect(out / "run.sqlite")
    try:
        return int(database.execute("SELECT COUNT(*) FROM calls").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        database.close()


@pytest.fixture
def items(tmp_path: Path) -> Path:
    """Items with labels and references, enough for several batches."""
    chance = random.Random(7)
    file = tmp_path / "items.jsonl"
    rows = [
        {
            "id": f"i{number}",
            "premise": f"Premise {number} says something.",
            "hypothesis": f"Hypothesis {number} follows.",
            "labels": chance.choices("enc", k=4),
            "reference": dict(zip("enc", (chance.randint(1, 50) for _ in range(3)), strict=True)),
        }
        for number in range(ITEMS)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_killed_at_random_moments(items: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    assert start(items, tmp_path / "whole", tmp_path / "whole.asked").wait() == 0
    duration = time.monotonic() - began
    expected = results(tmp_path / "whole")
    in_all = finished_calls(tmp_path / "whole")
    once = sorted((tmp_path / "whole.asked").read_text().splitlines())
    assert len(once) == len(set(once)), "no question is asked twice even without a kill"
    chance = random.Random(20)
    interrupted = 0
    for kill in range(KILLS):
        out, asked = tmp_path / f"killed{kill}", tmp_path / f"asked{kill}"
        process = start(items, out, asked)
        time.sleep(chance.uniform(0.25, 1.0) * duration)
        process.send_signal(signal.SIGKILL)
        interrupted += process.wait() == -signal.SIGKILL
        stored = finished_calls(out)
        asked.unlink(missing_ok=True)
        assert start(items, out, asked).wait() == 0
        again = asked.read_text().splitlines() if asked.exists() else []
        assert len(again) == in_all - stored, "a call that was on disk was made again, or one was lost"
        assert results(out) == expected
        assert finished_calls(out) == in_all
    assert interrupted >= KILLS // 2, "the kills came too late to test anything"


def test_a_finished_run_asks_nothing_again(items: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert start(items, out, tmp_path / "first").wait() == 0
    before = results(out)
    assert start(items, out, tmp_path / "second").wait() == 0
    assert not (tmp_path / "second").exists()
    assert results(out) == before
