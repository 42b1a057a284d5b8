"""``labeldist submission``."""

from __future__ import annotations

from pathlib import Path

import click

from labeldist.cli.options import json_option, out_option
from labeldist.cli.printing import say, say_json, tell


@click.command(
    "submission",
    epilog="Example: labeldist submission posterior.jsonl --reference lewidi-csc:test --out CSC_test_soft.tsv",
)
@click.argument("predictions", type=click.Path(path_type=Path))
@click.option("--reference", required=True, metavar="SOURCE", help="The Le-Wi-Di 2025 data set that was predicted.")
@out_option("File", "soft.tsv")
@json_option
def command(predictions: Path, reference: str, out: Path, as_json: bool) -> int:
    """Distributions as a file of soft labels for the Le-Wi-Di 2025 shared task."""
    from labeldist.cli.results import counted
    from labeldist.core.errors import UsageError, shown
    from labeldist.datasets.files import write_text
    from labeldist.datasets.predictions import read_predictions
    from labeldist.datasets.source import open_source
    from labeldist.datasets.whole import is_special
    from labeldist.reports.lewidi import soft_label_lines
    from labeldist.runs.beside import check_out

    dataset = open_source(reference)
    check_out(out, predictions, *dataset.inputs)
    if out.suffix != ".tsv" and not is_special(out):
        raise UsageError(f"--out {out}: the shared task takes lines with tabs", hint="end its name in .tsv")
    rows = list(read_predictions(predictions, dataset.task))
    known = {row.id: row.distribution for row in rows}
    saw = sum(row.extra.get("saw_labels") is True for row in rows)
    items = list(dataset.items())
    lines = list(soft_label_lines(items, known, dataset.task))
    write_text(out, "".join(lines))
    unknown = sorted(known.keys() - {item.id for item in items})
    if as_json:
        say_json({"rows": len(lines), "files": [out], "left_out": unknown, "saw_labels": saw})
    else:
        say(f"{counted(len(lines), 'item')} written to {out}")
        if unknown:
            told = f"{counted(len(unknown), 'prediction')} of no item of {dataset.name} left out"
            tell("note", f"{told}, such as {shown(unknown[0])}")
        if saw:
            told = f"{counted(saw, 'prediction')} saw labels of the item: no entry for a task that is to predict them"
            tell("note", told)
    return 0
