"""``labeldist convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.options import json_option, label_options, opening_for_labels, source_options


@click.command("convert", epilog="Example: labeldist convert annotations.csv --to label-studio --out tasks.json")
@click.argument("source")
@click.option("--to", required=True, metavar="FORMAT", help="Format to write; an unknown name lists them.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write; its name says how.")
@click.option(
    "--predictions",
    multiple=True,
    metavar="[NAME=]FILE",
    help="Distributions, such as a posterior, that go with the items; may be repeated.",
)
@source_options
@label_options
@json_option
def command(source: str, to: str, out: Path, predictions: tuple[str, ...], as_json: bool, **given: Any) -> int:
    """Write a source in another format: that of an annotation tool, or a table.

    What the format cannot hold is said. With --predictions each item has its distribution, as evidence and as its soft
    label, with the intervals in a column beside.
    """
    from labeldist.cli.printing import say, say_json, tell
    from labeldist.cli.results import counted, status, tell_failures
    from labeldist.datasets.convert import check_target, convert
    from labeldist.datasets.predictions import read_predictions
    from labeldist.datasets.source import open_source
    from labeldist.runs.beside import check_out
    from labeldist.runs.distributions import named_files

    check_target(to, out)
    files = named_files(predictions)
    dataset = open_source(source, **opening_for_labels(given, predictions))
    check_out(out, *dataset.inputs, *files.values())
    done = convert(dataset, to, out, {name: read_predictions(file, dataset.task) for name, file in files.items()})
    if as_json:
        say_json({"items": done.items, "out": out, "lost": done.lost, "failures": done.failures, "told": dataset.told})
        return status(done.failures)
    say(f"{counted(done.items, 'item')} written to {out}")
    for note in (*([dataset.told] if dataset.told else []), *done.lost):
        tell("note", note)
    tell_failures(done.failures, None)
    return status(done.failures)
