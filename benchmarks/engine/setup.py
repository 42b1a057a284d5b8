"""How to measure, and on what machine."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNS = 5


@dataclass(frozen=True, slots=True)
class Setup:
    """``runs``: each on an item of its own, medians are taken. ``threads`` of torch (None: its own choice)."""

    runs: int = RUNS
    threads: int | None = None

    def machine(self) -> dict[str, Any]:
        """Where this is measured, and how busy it is: other work makes ratios unsteady."""
        import torch

        if self.threads:
            torch.set_num_threads(self.threads)
        information = Path("/proc/cpuinfo")
        lines = information.read_text().splitlines() if information.is_file() else []
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        return {
            "processor": names[0] if names else platform.processor(),
            "cores": len(os.sched_getaffinity(0)),
            "threads": torch.get_num_threads(),
            "load average before": round(os.getloadavg()[0], 2),
            "runs": self.runs,
        }

    def seconds(self, work: Callable[[], object]) -> float:
        """How long ``work`` takes. With one thread that is the processor's time, which others' work changes less."""
        clock = time.process_time if self.threads == 1 else time.perf_counter
        begun = clock()
        work()
        return clock() - begun
