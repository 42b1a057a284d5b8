"""The folder of a run, or the neighbourhood of a result file: one process at a time, no leftovers of another run."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from labeldist.core.errors import StoreError, UsageError
from labeldist.datasets.files import writable_suffix, write_rows

STORE_NAME = "run.sqlite"
EXPLANATIONS = "explanations.jsonl"
EVALUATION = "evaluation.json"
FAILURES = "failures.jsonl"
RESULTS = (EXPLANATIONS, "mjd.*.jsonl", "posterior*.jsonl", EVALUATION, "evaluation.md", FAILURES)


@contextmanager
def alone(store: Path) -> Iterator[None]:
    """Hold the right to write beside ``store``; :class:`StoreError` where another process has it.

    The right ends with the process, however that ends.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no such lock; SQLite's own keeps the store whole there.
        yield
        return
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        lock = store.with_name(f".{store.stem}.lock").open("w")
    except OSError as error:
        raise StoreError(f"cannot write beside {store}: {error.strerror}", hint="use another --out") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError(
                f"another process is writing beside {store}", hint="wait until it is done, or use another --out"
            ) from error
        yield


def refuse_foreign(folder: Path) -> None:
    """Refuse a folder that is no run's and has files under the names that a run would write."""
    if not (folder / STORE_NAME).exists():
        foreign = sorted(file.name for pattern in RESULTS for file in folder.glob(pattern))
        if foreign:
            raise UsageError(
                f"{folder} is no folder of a run and has {', '.join(foreign)}, which a run would replace",
                hint="use another --out",
            )


def remove_results(folder: Path) -> None:
    """Remove what an earlier run left, so that results of different settings or data never lie side by side.

    Nothing that was paid for is lost: every finished model call is in the store.
    """
    for pattern in (*RESULTS, ".*.part"):
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)


def remove_unfinished(out: Path) -> None:
    """Remove what a killed stage had begun to write for the result file ``out``."""
    for file in out.parent.glob(f".{glob.escape(out.name)}.*.part"):
        file.unlink(missing_ok=True)


def store_of(out: Path) -> Path:
    """The file of finished calls beside the result file ``out``.

    >>> str(store_of(Path("mjd.jsonl")))
    'mjd.calls.sqlite'
    """
    return out.with_name(f"{out.name.partition('.')[0]}.calls.sqlite")


def failures_of(out: Path) -> Path:
    """The file of failures beside the result file ``out``.

    >>> str(failures_of(Path("mjd.none.jsonl")))
    'failures.mjd.none.jsonl'
    """
    return out.with_name(f"failures.{out.name.removesuffix('.gz').removesuffix('.jsonl')}.jsonl")


def write_failures(failures: Sequence[Mapping[str, Any]], file: Path) -> list[Path]:
    """Write failures, or remove those of an earlier try where there are none; returns the file where there are some."""
    if not failures:
        file.unlink(missing_ok=True)
        return []
    write_rows(file, failures)
    return [file]


def check_out(out: Path, *sources: Path) -> None:
    """Refuse to write a result over what it is made from, or over the store beside it."""
    if out.resolve() in (*(source.resolve() for source in sources), store_of(out).resolve()):
        raise UsageError(f"--out {out} would overwrite what it is made from", hint="use another --out")


def check_rows_out(out: Path, *sources: Path) -> None:
    """As :func:`check_out`, and refuse a name that says no format in which rows can be written."""
    check_out(out, *sources)
    writable_suffix(out)
