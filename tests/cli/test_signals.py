"""SIGINT and SIGTERM end a command soon, with one message and no traceback, and what came is kept."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.servers.fault_server import MODEL, Behaviour, Seen, serving

MESSAGE = "interrupted; what was done is kept"
# The command as it is, with less time for what is under way; "deaf" is a model that hears nothing while it computes.
COMMAND = """
import labeldist.core.interrupt as interrupt
interrupt.GRACE = {grace}
from labeldist.cli import signals
from labeldist.models import open as models
signals.CLOSING = {closing}

def deaf(argument, options):
    from labeldist.models.scripted import Scripted

    class Deaf(Scripted):
        def next_token_scores(self, sequences, tokens):
            import hashlib, sys
            print("computing", flush=True)
            hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)

    return Deaf(name="deaf")

def swallowing(argument, options):
    from labeldist.models.scripted import Scripted

    class Swallowing(Scripted):
        def next_token_scores(self, sequences, tokens):
            import os, signal, time, weakref

            class Thing: pass

            thing = Thing()
            gone = weakref.ref(thing, lambda _: (os.kill(os.getpid(), signal.SIGINT), [at for at in range(10**5)]))
            del thing
            end = time.monotonic() + 60
            while time.monotonic() < end:
                pass

    return Swallowing(name="swallowing")

models.BACKENDS.add("swallowing")(models.Backend("swallowing", "", swallowing))
models.BACKENDS.add("deaf")(models.Backend("deaf", "", deaf))
from labeldist.__main__ import main
main()
"""


def start(folder: Path, model: str, grace: float, closing: float = 2.0) -> subprocess.Popen[str]:
    rows = [{"id": str(at), "premise": f"It rains {at} times.", "hypothesis": "It is wet."} for at in range(60)]
    (folder / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = COMMAND.format(grace=grace, closing=closing)
    arguments = ["judge", "items.jsonl", "--model", model, "--out", "mjd.jsonl", "--explanations", "none"]
    return subprocess.Popen(
        [sys.executable, "-c", command, *arguments],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def fallen_silent(process: subprocess.Popen[str], silent: list[bool], seen: Seen) -> int:
    """Let the server answer no more once it has answered some; how many requests it has seen then."""
    wait_until(lambda: sum(seen.answered.values()) >= 40)
    silent.append(True)
    time.sleep(0.3)
    assert process.poll() is None
    return sum(seen.tries.values())


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_silent_server_holds_no_interrupted_command(number: signal.Signals, status: int, tmp_path: Path) -> None:
    silent: list[bool] = []
    late = Behaviour(fault=lambda prompt, tries: "hang" if silent else None, slow=60, seconds=0.01)
    with serving(late) as (url, seen):
        process = start(tmp_path, f"server:{MODEL}@{url}", grace=0.5)
        asked = fallen_silent(process, silent, seen)
        began = time.monotonic()
        process.send_signal(number)
        _, told = process.communicate(timeout=30)
        assert time.monotonic() - began < 4
        assert process.returncode == status
        assert told.count("labeldist: ") == told.count(MESSAGE) == 1
        assert "Traceback" not in told
        assert sum(seen.tries.values()) == asked, "it went on asking"
        probed = 2  # or three requests before the run: whatever the store lacks was asked by the probe
        database = sqlite3.connect(tmp_path / "mjd.calls.sqlite")
        [(kept,)] = database.execute("SELECT COUNT(*) FROM calls").fetchall()
        database.close()
        assert sum(seen.answered.values()) - kept in (probed, probed + 1), "an answer was lost"


def test_what_comes_in_time_is_kept(tmp_path: Path) -> None:
    with serving(Behaviour(seconds=0.4)) as (url, seen):
        process = start(tmp_path, f"server:{MODEL}@{url}", grace=5.0)
        wait_until(lambda: sum(seen.answered.values()) >= 12 and seen.under_way >= 4)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, told = process.communicate(timeout=30)
        assert time.monotonic() - began < 3, "it waited although all had come"
        assert process.returncode == 130, told
        database = sqlite3.connect(tmp_path / "mjd.calls.sqlite")
        [(kept,)] = database.execute("SELECT COUNT(*) FROM calls").fetchall()
        database.close()
        assert sum(seen.answered.values()) - kept in (2, 3), "an answer was lost"
        assert sum(seen.tries.values()) == sum(seen.answered.values())


def test_the_second_signal_is_the_end(tmp_path: Path) -> None:
    silent: list[bool] = []
    late = Behaviour(fault=lambda prompt, tries: "hang" if silent else None, slow=60, seconds=0.01)
    with serving(late) as (url, seen):
        process = start(tmp_path, f"server:{MODEL}@{url}", grace=30.0)
        fallen_silent(process, silent, seen)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
        assert time.monotonic() - began < 2
        assert process.returncode == 130
        assert told.count(MESSAGE) == 1
        assert "Traceback" not in told


def test_an_interrupt_that_python_swallows_is_raised_again(tmp_path: Path) -> None:
    """Exceptions in callbacks of weak references, such as those of the import system, are printed and forgotten."""
    process = start(tmp_path, "swallowing", grace=20.0)
    began = time.monotonic()
    _, told = process.communicate(timeout=50)
    assert time.monotonic() - began < 15
    assert process.returncode == 130
    assert told.count("labeldist: ") == told.count(MESSAGE) == 1
    assert "ignored" not in told
    assert "Traceback" not in told


def test_a_model_that_hears_nothing_is_left_to_itself(tmp_path: Path) -> None:
    process = start(tmp_path, "deaf", grace=0.3, closing=0.3)
    assert process.stdout is not None
    assert process.stdout.readline() == "computing\n"
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=30)
    assert time.monotonic() - began < 4
    assert process.returncode == 143
    assert told.count(MESSAGE) == 1
    assert "Traceback" not in told
