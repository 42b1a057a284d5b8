"""The peers' methods, run in an environment of their own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.peers.problems import Problem
from benchmarks.populations.smoothing import Array
from labeldist.core.errors import UsageError

FOLDER = Path(os.environ.get("LABELDIST_PEERS") or Path.home() / ".cache" / "labeldist" / "peers-1")
SET_UP = "tests/datasets/formats/setup_peers.sh"
OUTSIDE = Path(__file__).with_name("outside.py")


def is_there() -> bool:
    """Whether the environment has been set up."""
    return (FOLDER / ".ready").is_file()


def outside(problem: Problem) -> tuple[dict[str, Array], dict[str, str]]:
    """What each of the peers' methods says, (N, K) by name, and the versions of their libraries."""
    if not is_there():
        raise UsageError(f"no peers in {FOLDER}", hint=f"run {SET_UP} (about 1 GB), or set LABELDIST_PEERS")
    with TemporaryDirectory() as folder:
        given, made = Path(folder) / "given.npz", Path(folder) / "made.npz"
        np.savez(given, matrix=problem.matrix, classifier=problem.classifier)
        done = subprocess.run(
            [FOLDER / "bin" / "python", OUTSIDE, given, made],
            capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": ""},
        )  # fmt: skip
        if done.returncode != 0:
            raise UsageError(f"the peers failed: {done.stderr.strip()[-2000:]}", hint=f"set them up anew with {SET_UP}")
        with np.load(made, allow_pickle=False) as found:
            said = {name: found[name] for name in found.files}
    return said, json.loads(done.stdout.splitlines()[-1])
