"""Measure what many items take: `python -m benchmarks.load [STAGE ...]`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks import results
from benchmarks.load.stages import SIZES, STAGES
from benchmarks.load.tables import BEFORE, NOW, points, rendered

RESULTS = Path(__file__).with_name("results.json")
CODE = Path(__file__).parents[2] / "src"


def main(arguments: list[str] | None = None) -> int:
    """Command line; the exit status: 0 all bars are met, 1 not all, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"of {', '.join(STAGES)}; default: all")
    parser.add_argument("--items", help="numbers of items, with commas; default: those of results.json")
    parser.add_argument("--against", type=Path, metavar="SRC", help="also the code in this src folder, in turn")
    parser.add_argument("--work", type=Path, help="folder for what is made up and written; default: a temporary one")
    parser.add_argument("--out", type=Path, default=RESULTS, help="default: results.json beside this file")
    parser.add_argument("--show", action="store_true", help="measure nothing, show what --out has")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.stages if name not in STAGES]:
        parser.error(f"no stage is named {unknown[0]!r}; there are: {', '.join(STAGES)}")
    if not options.show:
        with tempfile.TemporaryDirectory() as folder:
            work = options.work or Path(folder)
            work.mkdir(parents=True, exist_ok=True)
            for stage in options.stages or STAGES:
                for count in map(int, options.items.split(",")) if options.items else SIZES[stage]:
                    _measure(stage, count, options.against, work, options.out)
    known = results.read(options.out)
    print(rendered(known))
    asked = points(known)
    print(*asked, sep="\n")
    return 0 if all(point.reached for point in asked) else 1


def _measure(stage: str, count: int, against: Path | None, work: Path, out: Path) -> None:
    """Both codes one after the other, each kept as soon as it is known."""
    for code, source in ((BEFORE, against), (NOW, CODE)):
        if source is None:
            continue
        load = round(os.getloadavg()[0], 1)
        found = {"stage": stage, "items": count, "code": code, "load": load}
        found |= STAGES[stage](source.resolve(), count, work)
        print(found, file=sys.stderr, flush=True)
        known = {**results.read(out), f"{stage} {count} {code}": found}
        results.write(known, _order(known), out)


def _order(known: dict[str, dict[str, object]]) -> list[str]:
    stages = list(STAGES)
    return sorted(known, key=lambda name: (stages.index(str(known[name]["stage"])), known[name]["items"], name))


if __name__ == "__main__":
    sys.exit(main())
