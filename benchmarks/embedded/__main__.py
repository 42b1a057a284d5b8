"""Measures the embedded model: `python -m benchmarks.embedded [NAME ...]`; see benchmarks/README.md."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.embedded import catalog
from benchmarks.embedded.setup import CACHE, PACKAGED_SPEC, Setup, folder_of, settings_of
from labeldist.core.errors import LabeldistError
from labeldist.models.open import open_model


def main(arguments: list[str] | None = None) -> int:
    """Command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.embedded", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(catalog.MEASUREMENTS)}; default: all")
    parser.add_argument("--model", default=PACKAGED_SPEC, help="embedded (the default) or embedded:FOLDER")
    parser.add_argument("--limit", type=int, help="items per set, for a trial")
    parser.add_argument("--float32", type=Path, metavar="FOLDER", help="for storage; default: from the checkpoint")
    parser.add_argument(
        "--out",
        type=Path,
        help=f"default: {catalog.RESULTS.name} beside this file; for a trial or another model {CACHE}/results.json",
    )
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in catalog.MEASUREMENTS]:
        parser.error(f"no measurement is named {unknown[0]!r}; there are: {', '.join(catalog.MEASUREMENTS)}")
    if options.limit is not None and options.limit < 1:
        parser.error(f"a limit of {options.limit}; use at least 1")
    trial = options.limit is not None or options.model != PACKAGED_SPEC
    out = options.out or (CACHE / "results.json" if trial else catalog.RESULTS)
    setup = Setup(options.model, options.limit, options.float32)
    try:
        for name in options.names or catalog.MEASUREMENTS:
            _measure(name, setup, out)
    except LabeldistError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _measure(name: str, setup: Setup, out: Path) -> None:
    print(name, file=sys.stderr, flush=True)
    about = _about(setup.model)
    begun = time.perf_counter()
    result = catalog.MEASUREMENTS[name].measure(setup)
    # Read again: another process may have added a measurement meanwhile.
    entry = {"model": about, "limit": setup.limit, "result": result}
    results.write({**results.read(out), name: entry}, catalog.MEASUREMENTS, out)
    print(f"{name}: {time.perf_counter() - begun:,.0f} s, written to {out}", file=sys.stderr, flush=True)


def _about(spec: str) -> dict[str, Any]:
    settings = settings_of(folder_of(spec))
    return {"spec": spec, "revision": open_model(spec).revision} | {
        key: settings[key] for key in ("name", "version", "storage", "transform")
    }


if __name__ == "__main__":
    sys.exit(main())
