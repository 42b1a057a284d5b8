"""Measures the tree on a GPU: ``python -m benchmarks.gpu --out FOLDER``; see benchmarks/README.md.

Needs torch, transformers and numpy, no network, and no installed labeldist: run it in the root of the repository with
PYTHONPATH=src. Every line is on standard output as soon as it is measured, and in FOLDER/gpu.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.gpu.measure import Clock, Settings, measured
from benchmarks.gpu.networks import SHAPES


def main(arguments: list[str] | None = None) -> int:
    """Command line; the exit status: 0 all was exact, 1 something was not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--size", action="append", choices=[*SHAPES], help="default: 1B and 8B; tiny tries the script")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--items", type=int, default=8, help="of 144 prompts each; default: 8")
    parser.add_argument("--minutes", type=float, default=8.0, help="nothing is begun after that; default: 8")
    parser.add_argument("--attention", action="append", choices=["sdpa", "eager", "flex_attention"])
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args(arguments)
    settings = Settings(
        tuple(options.size or ("1B", "8B")),
        options.device,
        options.items,
        tuple(options.attention or ("sdpa", "eager", "flex_attention")),
    )
    rows = []
    for row in measured(settings, Clock(options.minutes * 60)):
        rows.append(row)
        print(json.dumps(row), flush=True)
        (options.out / "gpu.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 1 if any(row.get("exact") is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
