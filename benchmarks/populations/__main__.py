"""Posteriors against smoothed labels where annotators are held out: `python -m benchmarks.populations`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks.populations.measure import POPULATIONS, POSTERIOR, measure
from benchmarks.results import read, write
from labeldist.core.errors import LabeldistError
from labeldist.models.open import open_model

RESULTS = Path(__file__).parent / "results.json"
PAGE = Path(__file__).parents[2] / "docs" / "howto-annotators-as-reference.md"
PLACE = ("<!-- measured -->", "<!-- end -->")


def main(arguments: list[str] | None = None) -> int:
    """Command line; 0 when done, 2 for wrong usage or no data."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.populations", description=__doc__)
    parser.add_argument("names", nargs="*", help="data sets (default: all)")
    parser.add_argument("--limit", type=int, default=300, help="items of each (default: 300)")
    parser.add_argument("--seeds", type=int, default=3, help="draws of the reference annotators (default: 3)")
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--show", action="store_true", help="measure nothing, show what --out has")
    parser.add_argument("--page", action="store_true", help=f"put the table into docs/{PAGE.name}")
    options = parser.parse_args(arguments)
    chosen = [one for one in POPULATIONS if not options.names or one.source in options.names]
    results = read(options.out)
    old = [name for name, found in results.items() if "differences" not in found]
    if old and options.show:
        parser.error(f"{options.out} has results of an earlier form ({', '.join(old)}): measure them again")
    results = {name: found for name, found in results.items() if name not in old}
    try:
        for one in [] if options.show else chosen:
            results[one.source] = measure(
                one, open_model(options.model), limit=options.limit, seeds=range(options.seeds)
            )
            write(results, [population.source for population in POPULATIONS], options.out)
            print(f"{one.source}: done", file=sys.stderr)
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


def table(results: dict[str, Any]) -> str:
    """One row for each distribution of each data set, and the paired differences."""
    lines = [
        "| data set | distribution | KL | TVD | D.Corr | Wasserstein |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for found in results.values():
        for row in found["rows"]:
            cells = [_value(row.get(name)) for name in ("kl", "tvd", "dcorr", "wasserstein")]
            name = f"people: {row['name']}" if row["kind"] == "ceiling" else row["name"]
            lines.append(f"| {found['source']} ({found['items']}) | {name} | {' | '.join(cells)} |")
        for other, difference in found["differences"].items():
            cells = [_difference(difference.get(name)) for name in ("kl", "tvd", "dcorr", "wasserstein")]
            lines.append(f"| | *{POSTERIOR} − {other}* | {' | '.join(cells)} |")
    return "\n".join(lines)


def _value(found: dict[str, Any] | None) -> str:
    if found is None or found["value"] is None:
        return "" if found is None else "undefined"
    return f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"


def _difference(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    sign = "**" if found["low"] > 0 or found["high"] < 0 else ""
    return f"{sign}{found['value']:+.3f}{sign} ({found['low']:+.3f} to {found['high']:+.3f})"


if __name__ == "__main__":
    sys.exit(main())
