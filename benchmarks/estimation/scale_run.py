"""One estimate of simulated data, timed: `python -m benchmarks.estimation.scale_run ITEMS LABELS MODELS ANNOTATORS`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.estimation.simulation import Truth, simulated
from labeldist.estimation.estimate import estimate_from


def main(items: int, labels: int, models: int, annotators: int) -> None:
    """Prints seconds of the estimate, and memory before it and at its peak, as JSON."""
    truth = Truth(np.linspace(-0.5, 0.5, labels), np.full(models, 0.9 / models), 3.0)
    observed = simulated(truth, items, annotators, seed=0)[0]
    before = _peak(reset=True)
    begun, worked = time.perf_counter(), time.process_time()
    found = estimate_from(observed)
    seconds, worked = time.perf_counter() - begun, time.process_time() - worked
    assert found.posterior.low.shape == (items, labels)
    figures = {"seconds": round(seconds, 2), "CPU seconds": round(worked, 2), "peak MB": _peak(), "MB before": before}
    print(json.dumps(figures | {"concentration": round(found.calibration.concentration, 3)}))


def _peak(*, reset: bool = False) -> int:
    """Peak resident MB (Linux) of this process; with ``reset`` what it has now, counted anew from here.

    Not getrusage: that begins with the peak of the process that started this one.
    """
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return round(int(line.split()[1]) * 1024 / 1e6)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
