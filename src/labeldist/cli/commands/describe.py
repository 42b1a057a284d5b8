"""``labeldist describe``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.options import (
    first_or_named,
    json_option,
    label_options,
    opening_for_labels,
    seed_option,
    source_options,
)


@click.command("describe", epilog="Example: labeldist describe annotations.csv --by gender --show disputed:10")
@click.argument("source")
@click.option(
    "--by",
    metavar="COLUMN",
    help="Compare groups: a column with a value per item or per label, or group: that of annotators' names "
    "GROUP/NAME.  [default: group, where names have several]",
)
@click.option(
    "--show",
    default="disputed:3,agreed:1",
    show_default=True,
    metavar="N|ID,...",
    help="Items to print: the first N, by id, or disputed:N and agreed:N, about which people differ most and least.",
)
@click.option(
    "--bootstrap", type=click.IntRange(min=0), default=1000, show_default=True, help="Resamples; 0: no intervals."
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write: .json, or .md or .txt for reading."
)
@source_options
@label_options
@seed_option
@json_option
def command(
    source: str,
    by: str | None,
    show: str,
    bootstrap: int,
    out: Path | None,
    seed: int,
    as_json: bool,
    **given: Any,
) -> int:
    """What a source holds, how much its annotators agree, and who and what stands out.

    Labels and their shares, Krippendorff's alpha with an interval, groups of annotators and how they differ, annotators
    whose labels differ from others' on the same items by more than chance explains, the most and least disputed items,
    and what may be wrong with the data. Of an annotator who labelled an item more than once every label counts, unless
    --repeated-labels says otherwise.
    """
    from labeldist.cli.description import KINDS, show_description, write_description
    from labeldist.core.errors import UsageError
    from labeldist.datasets.source import open_source
    from labeldist.datasets.whole import is_special
    from labeldist.runs.beside import check_out
    from labeldist.runs.describe import describe_dataset

    wanted = first_or_named(show)
    dataset = open_source(source, **opening_for_labels(given, ()))
    if out is not None:
        check_out(out, *dataset.inputs)
        if out.suffix not in KINDS and not is_special(out):
            raise UsageError(f"--out {out}: a file of no known kind", hint=f"end its name in {', '.join(KINDS)}")
    found = describe_dataset(dataset, by=by, show=wanted, bootstrap=bootstrap, seed=seed)
    beside = None if out is None else write_description(found, out)
    return show_description(found, beside, as_json=as_json)
