"""The embedded model's own MJDs as evidence on ChaosNLI-SNLI: none, guided and posterior beside smoothed labels.

    python -m benchmarks.estimation.own_mjds [--limit N] [--out FOLDER]

A run like any other, resumable, over the items with one pool of explanations: human ones of the gold label, machine
ones of the other labels. About half an hour on two cores. The 341 items need no script: the command is in the README.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from benchmarks.embedded.chaosnli import pool_of, source
from benchmarks.embedded.setup import CACHE
from labeldist.cli.progress import shown_progress
from labeldist.datasets.files import write_items
from labeldist.reports.tables import markdown_table
from labeldist.runs.pipeline import run
from labeldist.runs.settings import RunSettings

GIVEN = "given"
CONDITIONS = ("none", "label-free", "label-guided")


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimation.own_mjds", description=__doc__)
    parser.add_argument("--limit", type=int, help="items, for a trial")
    parser.add_argument("--out", type=Path, default=CACHE / "own-mjds", help="folder of the run")
    options = parser.parse_args(arguments)
    dataset = source(options.limit)
    items = options.out.with_name(options.out.name + "-items.jsonl")
    write_items(
        items,
        (
            replace(item, explanations=tuple(replace(one, source=GIVEN) for one in pool_of(item, dataset)))
            for item in dataset.items()
        ),
    )
    settings = RunSettings(str(items), explainer=f"items:{GIVEN}", conditions=CONDITIONS)
    with shown_progress() as progress:
        summary = run(settings, options.out, progress=progress)
    for posterior in summary.posteriors:
        print(*posterior.calibration.in_words(), *posterior.calibration.notes, sep="\n")
    if summary.evaluation is not None:
        print(markdown_table(summary.evaluation, intervals=True))


if __name__ == "__main__":
    main()
