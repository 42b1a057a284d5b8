"""One command of one code, with what it took."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def measured(code: Path, arguments: Sequence[str], log: Path) -> dict[str, Any]:
    """Run ``labeldist`` of the sources ``code``; what it prints goes to ``log``. Raises RuntimeError where it fails.

    The peak is that of the process and includes what it began with: this one, which is small.
    """
    environment = {**os.environ, "PYTHONPATH": str(code), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "labeldist", *arguments]
    begun = time.perf_counter()
    with log.open("wb") as out:
        actions = [(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, out.fileno(), 2)]
        pid = os.posix_spawn(sys.executable, command, environment, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
    if status:
        told = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}:\n{told}")
    return {
        "seconds": round(time.perf_counter() - begun, 1),
        "CPU seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak MB": round(usage.ru_maxrss * 1024 / 1e6),
    }
