"""The estimate beside other methods on the same data: `python -m benchmarks.peers`; see benchmarks/README.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks.peers.measure import measure, table
from benchmarks.peers.problems import PROBLEMS, SEEDS
from benchmarks.results import read, write
from labeldist.core.errors import LabeldistError

RESULTS = Path(__file__).parent / "results.json"
PAGE = Path(__file__).parents[2] / "docs" / "concept-peers.md"
PLACE = ("<!-- measured -->", "<!-- end -->")


def main(arguments: list[str] | None = None) -> int:
    """Command line; 0 when done, 2 for wrong usage, no data or no peers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PROBLEMS)} (default: all)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="default: results.json beside this file")
    parser.add_argument("--show", action="store_true", help="measure nothing, show what --out has")
    parser.add_argument("--page", action="store_true", help=f"put the table into docs/{PAGE.name}")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in PROBLEMS]:
        parser.error(f"no problem is named {unknown[0]!r}; there are: {', '.join(PROBLEMS)}")
    results = read(options.out)
    try:
        for name in [] if options.show else options.names or [*PROBLEMS]:
            results[name] = measure(name, SEEDS[name])
            write(results, PROBLEMS, options.out)
            print(f"{name}: done", file=sys.stderr)
    except LabeldistError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    print(table(results))
    if options.page:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    return 0


def filled(page: str, results: dict[str, Any]) -> str:
    """The page with the table between its two comments."""
    before, _, rest = page.partition(PLACE[0])
    _, _, after = rest.partition(PLACE[1])
    return f"{before}{PLACE[0]}\n\n{table(results)}\n\n{PLACE[1]}{after}"


if __name__ == "__main__":
    sys.exit(main())
