"""Five explanations, 720 prompts, at 158M parameters: peak memory in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from benchmarks.embedded.markdown import table
from benchmarks.engine.setup import Setup
from benchmarks.point import Point

SIZE = "158M"
MOST = 500.0


def measure(setup: Setup) -> dict[str, Any]:
    """One run: memory hardly varies."""
    command = [sys.executable, "-m", "benchmarks.engine.memory_run", SIZE]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def points(result: dict[str, Any]) -> list[Point]:
    """What was asked."""
    what = f"{result['prompts']} prompts, {SIZE}: peak MB above the loaded model"
    return [Point(what, "at most", MOST, result["peak MB"] - result["MB loaded"])]


def rendered(result: dict[str, Any]) -> str:
    """One line."""
    row = [
        SIZE,
        f"{result['prompts']:,}",
        f"{result['tokens']:,}",
        f"{result['MB loaded']:,}",
        f"{result['peak MB']:,}",
    ]
    return table(["", "prompts", "tokens", "MB, model loaded", "MB at the peak"], [row])
