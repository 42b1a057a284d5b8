"""Measures fewer orders against all: `python -m benchmarks.orders`; see benchmarks/README.md."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.orders.measure import Given, measure
from benchmarks.orders.tables import filled, points, rendered
from labeldist.core.errors import LabeldistError

RESULTS = Path(__file__).parent / "results.json"
PAGE = Path(__file__).parents[2] / "docs" / "concept-orders.md"


def main(arguments: list[str] | None = None) -> int:
    """Command line; the exit status: 0 all bars are met, 1 not all, 2 wrong usage or no data."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orders", description=__doc__)
    parser.add_argument("--limit", type=int, help="only the first items, for a trial")
    parser.add_argument("--out", type=Path, help="default: results.json beside this file; none with --limit")
    parser.add_argument("--show", action="store_true", help="measure nothing, show what --out has")
    parser.add_argument("--page", action="store_true", help="put the tables into docs/concept-orders.md")
    options = parser.parse_args(arguments)
    out = options.out or (None if options.limit else RESULTS)
    try:
        if options.show:
            result: dict[str, Any] = json.loads((options.out or RESULTS).read_text(encoding="utf-8"))
        else:
            begun = time.perf_counter()
            result = measure(Given.of_data(options.limit))
            print(f"{time.perf_counter() - begun:,.0f} s", file=sys.stderr)
            if out is not None:
                out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    except LabeldistError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    reached = points(result)
    if options.page:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), result), encoding="utf-8")
    for title, table in rendered(result).values():
        print(f"\n{title}\n\n{table}")
    print("", *reached, sep="\n")
    return 0 if all(point.reached for point in reached) else 1


if __name__ == "__main__":
    sys.exit(main())
