"""Checkpoints of a training that are known to be whole: each has the checksums of its files, written last."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

SUMS = "labeldist-sums.json"


def seal(checkpoint: Path) -> None:
    """Write down the checksum of each file of a checkpoint that has just been written."""
    sums = {file.name: _sum(file) for file in sorted(checkpoint.iterdir()) if file.is_file() and file.name != SUMS}
    (checkpoint / SUMS).write_text(json.dumps(sums, indent=1) + "\n", encoding="utf-8")


def fault(checkpoint: Path) -> str:
    """Why a checkpoint cannot be gone on from; empty where its files are what was written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "state").write_text("step 6")
    ...     before = fault(Path(folder))
    ...     seal(Path(folder))
    ...     sealed = fault(Path(folder))
    ...     _ = (Path(folder) / "state").write_text("step 7")
    ...     before, sealed, fault(Path(folder))
    ('not written whole', '', 'state has changed')
    """
    try:
        sums = json.loads((checkpoint / SUMS).read_text(encoding="utf-8"))
        names = sorted(sums.items())
    except (OSError, ValueError, AttributeError, RecursionError):
        return "not written whole"
    for name, told in names:
        try:
            found = _sum(checkpoint / name)
        except (OSError, ValueError):
            return f"{name} is gone"
        if found != told:
            return f"{name} has changed"
    return "" if names else "not written whole"


def _sum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
