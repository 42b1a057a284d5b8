"""torch's functions are exact from their first call on, however many threads make it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labeldist.classifiers.classifier import load_classifier
from labeldist.core.errors import UsageError
from labeldist.evaluation.variability.encoder import load_encoder
from labeldist.models.first_calls import FUNCTIONS, settle
from labeldist.models.open import open_model
from labeldist.tasks.load import load_task

torch = pytest.importorskip("torch", reason="the extra 'transformers' is not installed")
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402 (torch may be missing)

# A process that has called nothing yet; its answer to a first and a second call in two threads.
STORM = """
import os, sys, torch
from labeldist.models.first_calls import settle
differ = 0
for number in range(int(sys.argv[2])):
    child = os.fork()
    if child == 0:
        torch.set_num_threads(2)
        if sys.argv[1] == "settled":
            settle()
        given = torch.linspace(0.01, 0.99, 20_000)
        os._exit(int(not torch.equal(given.exp(), given.exp())))
    differ += os.waitstatus_to_exitcode(os.wait()[1])
print(differ)
"""
PROCESSES = 800


class Seen(TorchDispatchMode):
    """Which functions were called, in order, and of how many numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, int]] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        size = args[0].numel() if args and hasattr(args[0], "numel") else 0
        self.calls.append((function.__name__.partition(".")[0].rstrip("_"), size))
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    "load",
    [
        lambda name: open_model(f"transformers:{name}"),
        lambda name: load_classifier(name, load_task("nli"), new_head=True),
        lambda name: load_encoder(Path(name)),
    ],
    ids=["model", "classifier", "encoder"],
)
def test_each_function_is_called_of_one_number_before_a_model_is_loaded(load: Any, tmp_path: Path) -> None:
    settle.cache_clear()
    with Seen() as seen, pytest.raises(UsageError, match="none"):
        load(str(tmp_path / "none"))
    called = {name for name, size in seen.calls if size == 1}
    assert called >= set(FUNCTIONS)
    assert not [name for name, size in seen.calls if name in FUNCTIONS and size != 1]


@pytest.mark.slow
def test_first_calls_are_those_that_follow() -> None:
    """Without it, on processors for which torch takes MKL, about one of a hundred processes differs."""
    done = subprocess.run(
        [sys.executable, "-c", STORM, "settled", str(PROCESSES)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "0"
