"""A run over a server that fails in every way ends with every item done or named, and pays for no answer twice."""

from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.servers.conftest import QUICK_COMMAND
from tests.servers.fault_server import FAULTS, KEY, MODEL, Behaviour, log_probabilities, serving

from labeldist.core.item import Item
from labeldist.judging.orders import orders
from labeldist.judging.prompts import judge_prompt
from labeldist.tasks.load import load_task

ITEMS, ORDERS, AT_ONCE = 334, 6, 16
FAULTY = 0.2
BROKEN, REFUSED = "Premise 17 says", "Premise 99 says"


def fault(prompt: str, tries: int) -> str | None:
    """A fifth of the requests fail, by a hash of what they ask; those that take long more seldom than the others."""
    if BROKEN in prompt:
        return "500"
    chance = int.from_bytes(hashlib.sha256(f"{tries} {prompt}".encode()).digest()[:4], "big") / 2**32
    if chance >= FAULTY:
        return None
    if chance < 0.006:
        return "hang" if chance < 0.003 else "trickle"
    quick = [name for name in FAULTS if name not in ("hang", "trickle")]
    return quick[int((chance - 0.006) / (FAULTY - 0.006) * len(quick))]


@pytest.fixture
def items(tmp_path: Path) -> Path:
    file = tmp_path / "items.jsonl"
    rows = [
        {"id": f"i{number}", "premise": f"Premise {number} says something.", "hypothesis": f"It follows, {number}."}
        for number in range(ITEMS)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def start(items: Path, out: Path, url: str) -> subprocess.Popen[str]:
    arguments = [
        "run", items, "--model", f"server:{MODEL}@{url}", "--explanations", "none", "--orders", "all", "--out", out,
        "--concurrency", AT_ONCE, "--timeout", "1", "--show", "0",
    ]  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", QUICK_COMMAND, *map(str, arguments)],
        env={**os.environ, "LABELDIST_API_KEY": KEY},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def kept(out: Path) -> int:
    if not (out / "run.sqlite").exists():
        return 0
    database = sqlite3.connect(out / "run.sqlite")
    try:
        return int(database.execute("SELECT COUNT(*) FROM calls").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        database.close()


def of_items(answered: Counter[str]) -> dict[str, int]:
    """The complete answers per prompt, without what the command asks to find out what the server can do."""
    return {prompt: count for prompt, count in answered.items() if "Premise" in prompt}


def naive_mjd(number: int) -> list[float]:
    """The MJD of an item from what the server knows: softmax at temperature 20, the mean over all orders."""
    task = load_task("nli")
    item = Item("x", {"premise": f"Premise {number} says something.", "hypothesis": f"It follows, {number}."})
    rows = []
    for order in orders("all", 0, 3):
        prompt = judge_prompt(task, item, [], order)
        found = log_probabilities(prompt.text)
        shares = [sum(math.exp(found[spelling]) for spelling in option) for option in prompt.answers]
        powers = [math.exp(math.log(share) / 20) for share in shares]
        rows.append([power / sum(powers) for power in powers])
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)]


def test_every_fault_a_kill_and_a_resumed_run(items: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    out = tmp_path / "out"
    refuses = lambda prompt: "This prompt is too long" if REFUSED in prompt else None  # noqa: E731
    behaviour = Behaviour(fault=fault, refuses=refuses, lists=28, key=KEY, slow=1.5)
    with serving(behaviour) as (url, seen):
        first = start(items, out, url)
        while kept(out) < 700 and first.poll() is None:
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        printed = list(first.communicate())
        assert first.returncode == -signal.SIGKILL, printed
        time.sleep(0.2)  # what the server was about to answer
        stored, before = kept(out), of_items(seen.answered)
        second = start(items, out, url)
        printed += second.communicate()
        assert second.returncode == 1, printed
    answers = of_items(seen.answered)
    # Each item's six prompts, but for the two items that fail.
    assert len(answers) == (ITEMS - 2) * ORDERS
    assert kept(out) == len(answers)
    assert sum(answers.values()) - sum(before.values()) == len(answers) - stored, "a kept answer was asked for again"
    twice = sum(answers.values()) - len(answers)
    assert twice <= AT_ONCE, "more was paid for twice than was under way when the run was killed"
    assert set(seen.faults) == set(FAULTS)
    assert sum(seen.faults.values()) > FAULTY / 2 * len(answers)
    assert 4 < seen.at_once <= AT_ONCE

    failures = [json.loads(line) for line in (out / "failures.jsonl").read_text().splitlines()]
    assert {row["id"] for row in failures} == {"i17", "i99"}
    reasons = {row["id"]: row["reason"] for row in failures}
    assert "server error (500)" in reasons["i17"]
    assert "too long" in reasons["i99"]
    rows = {row["id"]: row for row in map(json.loads, (out / "mjd.none.jsonl").read_text().splitlines())}
    assert len(rows) == ITEMS - 2
    for number in (0, 1, 200, ITEMS - 1):
        assert list(rows[f"i{number}"]["distribution"].values()) == pytest.approx(naive_mjd(number), abs=1e-9)

    for text in (*printed, *(file.read_bytes().decode("latin-1") for file in tmp_path.rglob("*") if file.is_file())):
        assert not any(KEY[at : at + 8] in text for at in range(len(KEY) - 7)), "the key was written somewhere"
    assert time.monotonic() - began < 60
