"""What lies beside the result of a single stage: finished calls, failures, and how all of it is checked before."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from labeldist.core.errors import UsageError
from labeldist.datasets.files import writable_suffix, write_rows
from labeldist.datasets.whole import naming_errors
from labeldist.runs.folder import own_files
from labeldist.runs.inputs import refuse_overwritten
from labeldist.runs.own import OwnFiles, is_there

MOST_BYTES = 200  # of a name, so that those of the files beside it are no longer than a file system allows
SYSTEM_FOLDERS = ("/dev", "/dev/fd", "/proc/self/fd")


def store_of(out: Path) -> Path:
    """The file of finished calls beside the result file ``out``.

    >>> str(store_of(Path("result/mjd.jsonl"))), str(store_of(Path("/dev/stdout")))
    ('result/mjd.calls.sqlite', 'stdout.calls.sqlite')
    """
    return _place(out).with_name(f"{out.name.partition('.')[0]}.calls.sqlite")


def failures_of(out: Path) -> Path:
    """The file of failures beside the result file ``out``.

    >>> str(failures_of(Path("mjd.none.jsonl")))
    'failures.mjd.none.jsonl'
    """
    return _place(out).with_name(f"failures.{out.name.removesuffix('.gz').removesuffix('.jsonl')}.jsonl")


def _place(out: Path) -> Path:
    """Beside a device of the system there is no place; the current folder has some."""
    return Path(out.name) if str(out.parent) in SYSTEM_FOLDERS else out


def write_failures(failures: Sequence[Mapping[str, Any]], file: Path, own: OwnFiles | None = None) -> list[Path]:
    """Write failures, or remove those of an earlier try where there are none; returns the file where there are some.

    ``own``: the list of what was written; that of a single stage is beside the failures.
    """
    listed = own or own_files(file)
    if failures:
        write_rows(file, failures, note=listed.note)
        return [file]
    if listed.has(file):
        with naming_errors(file):
            file.unlink(missing_ok=True)
            if own is None:
                listed.listed.unlink(missing_ok=True)
    return []


def check_out(out: Path, *inputs: Path) -> None:
    """Refuse to write a result over what it is made from, and what cannot lie beside it; nothing is changed.

    Raises :class:`UsageError`: for an input that the result, its failures or its finished calls would overwrite, for a
    failures file that is not as labeldist wrote it, and for a name that is too long.
    """
    if len(os.fsencode(out.name)) > MOST_BYTES:
        raise UsageError(
            f"--out has a name of more than {MOST_BYTES} bytes: {out.name[:40]}…", hint="use a shorter one"
        )
    failures, store = failures_of(out), store_of(out)
    refuse_overwritten(out, [out, failures, store], inputs)
    refuse_overwritten(out, [out], [failures, store])
    if is_there(failures) and not own_files(failures).has(failures):
        raise UsageError(
            f"{failures} would be replaced, and labeldist did not write it, or it was changed since",
            hint="move it away, or use another --out",
        )


def check_rows_out(out: Path, *inputs: Path) -> None:
    """As :func:`check_out`, and refuse a name that says no format in which rows can be written."""
    check_out(out, *inputs)
    writable_suffix(out)
