"""The peers' methods, run in an environment of their own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.embedded.setup import CACHE
from benchmarks.peers.problems import Problem
from benchmarks.populations.smoothing import Array
from labeldist.core.errors import UsageError

FOLDER = Path(os.environ.get("LABELDIST_PEERS") or Path.home() / ".cache" / "labeldist" / "peers-1")
SET_UP = "tests/datasets/formats/setup_peers.sh"
OUTSIDE = Path(__file__).with_name("outside.py")
KEPT = CACHE / "peers"


def is_there() -> bool:
    """Whether the environment has been set up."""
    return (FOLDER / ".ready").is_file()


def outside(problem: Problem) -> tuple[dict[str, Array], dict[str, str]]:
    """What each of the peers' methods says, (N, K) by name, and the versions of their libraries.

    It takes minutes and depends on nothing of labeldist, so it is kept in ``KEPT`` by what was given.
    """
    if not is_there():
        raise UsageError(f"no peers in {FOLDER}", hint=f"run {SET_UP} (about 1 GB), or set LABELDIST_PEERS")
    file = KEPT / f"{_key(problem)}.npz"
    if not file.is_file():
        KEPT.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=KEPT) as folder:
            made = Path(folder) / "made.npz"
            _run(problem, Path(folder) / "given.npz", made)
            made.replace(file)
    with np.load(file, allow_pickle=False) as found:
        said = {name: found[name] for name in found.files}
    return said, json.loads(str(said.pop("versions")))


def _key(problem: Problem) -> str:
    """A hash of what is given, of the script, and of when the environment was made."""
    parts = (problem.matrix.tobytes(), problem.classifier.tobytes(), OUTSIDE.read_bytes())
    made = str((FOLDER / ".ready").stat().st_mtime_ns).encode()
    return hashlib.sha256(b"\0".join([*parts, made])).hexdigest()[:16]


def _run(problem: Problem, given: Path, made: Path) -> None:
    np.savez(given, matrix=problem.matrix, classifier=problem.classifier)
    done = subprocess.run(
        [FOLDER / "bin" / "python", OUTSIDE, given, made],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    if done.returncode != 0:
        raise UsageError(f"the peers failed: {done.stderr.strip()[-2000:]}", hint=f"set them up anew with {SET_UP}")
