"""Peak memory of all orders of five explanations: `python -m benchmarks.engine.memory_run SIZE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.engine.llamas import opened
from benchmarks.engine.prompts import in_all_orders, items


def main(size: str) -> None:
    """Prints what the process has with the model loaded, and its peak when it computes the scores, as JSON."""
    (item, explanations), (_, others) = items(2)
    # Items have four explanations; whose the fifth is changes nothing here.
    llama = opened(size)
    sequences = in_all_orders(llama.model, (item, (*explanations, others[0])))
    loaded = _megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # what loading took beyond that is no part of the peak
    llama.tree(sequences)
    figures = {"prompts": len(sequences), "tokens": sum(map(len, sequences))}
    print(json.dumps(figures | {"MB loaded": loaded, "peak MB": _megabytes("VmHWM")}))


def _megabytes(line: str) -> int:
    """Resident memory of this process (Linux). Not getrusage: that begins with the peak of the starting process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return round(int(next(one for one in lines if one.startswith(line)).split()[1]) * 1024 / 1e6)


if __name__ == "__main__":
    main(*sys.argv[1:])
