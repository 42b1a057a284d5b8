"""Measures the estimates: `python -m benchmarks.estimation [NAME ...]`; see benchmarks/README.md."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks import results
from benchmarks.estimation import catalog
from labeldist.core.errors import LabeldistError


def main(arguments: list[str] | None = None) -> int:
    """Command line; the exit status: 0 all bars are met, 1 not all, 2 wrong usage or no data."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimation", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(catalog.MEASUREMENTS)}; default: all")
    parser.add_argument("--out", type=Path, default=catalog.RESULTS, help="default: results.json beside this file")
    parser.add_argument("--show", action="store_true", help="measure nothing, show what --out has")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in catalog.MEASUREMENTS]:
        parser.error(f"no measurement is named {unknown[0]!r}; there are: {', '.join(catalog.MEASUREMENTS)}")
    names = options.names or list(catalog.MEASUREMENTS)
    try:
        reached = [_shown(name, options.out, again=not options.show) for name in names]
    except LabeldistError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0 if all(reached) else 1


def _shown(name: str, out: Path, *, again: bool) -> bool:
    """Measure and print; whether all bars are met."""
    part = catalog.MEASUREMENTS[name]
    if again:
        begun = time.perf_counter()
        result = part.measure()
        # Read again: another process may have added a measurement meanwhile.
        results.write({**results.read(out), name: result}, catalog.MEASUREMENTS, out)
        print(f"{name}: {time.perf_counter() - begun:,.0f} s, written to {out}", file=sys.stderr, flush=True)
    elif name not in (known := results.read(out)):
        print(f"{name}: not measured yet")
        return False
    else:
        result = known[name]
    points = part.points(result)
    print(f"\n{part.rendered(result)}\n", *points, sep="\n", flush=True)
    return all(point.reached for point in points)


if __name__ == "__main__":
    sys.exit(main())
