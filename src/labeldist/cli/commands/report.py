"""``labeldist report``."""

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

READING = (
    "task",
    "format",
    "columns",
    "missing",
    "limit",
    "reference_annotators",
    "repeated_labels",
    "labels",
    "scale",
)


@click.command("report", epilog="Example: labeldist report result --out report.html --figures figures")
@click.argument("results", nargs=-1, required=True, metavar="RESULT...")
@click.option(
    "--source",
    metavar="SOURCE",
    help="The labels that the results were made of.  [default: what the results say, or a RESULT that is labels]",
)
@click.option(
    "--items",
    "items",
    default="1000",
    show_default=True,
    metavar="N|all|ID,...",
    help="Items to show one by one: so many drawn at random, all (10,000 a page), by id, or disputed:N and agreed:N.",
)
@click.option(
    "--figures",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Also draw figures to print, each as PDF, SVG and PNG (takes the extra plots).",
)
@click.option(
    "--bootstrap", type=click.IntRange(min=0), default=1000, show_default=True, help="Resamples; 0: no intervals."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="The page to write: .html.",
)
@source_options
@label_options
@seed_option
@json_option
def command(
    results: tuple[str, ...],
    source: str | None,
    items: str,
    figures: Path | None,
    bootstrap: int,
    out: Path,
    seed: int,
    as_json: bool,
    **given: Any,
) -> int:
    """Write a page that shows results: which items are disputed and why, and how far to trust the numbers.

    RESULT is the folder of a run or an experiment, a file of posteriors or of other distributions (NAME=FILE names it),
    what `labeldist plan --out` or `labeldist evaluate --out` wrote, or labels: without distributions the posterior is
    estimated from these. The page is one file that needs no network and no server. --json prints what it shows.
    """
    from labeldist.cli.progress import shown_progress
    from labeldist.cli.reports import show_report
    from labeldist.core.errors import UsageError
    from labeldist.datasets.files import SUFFIXES
    from labeldist.datasets.source import open_source
    from labeldist.reporting.gather import dataset_of, gather
    from labeldist.reporting.results import read_results
    from labeldist.reporting.write import check_report_out, write_report

    wanted = ("all",) if items == "all" else first_or_named(items)
    found = read_results(results, with_source=source is not None)
    labels = source or (found.sources[0] if len(found.sources) == 1 else None)
    if labels is not None:
        said = [str(file) for file in found.files if file.name.lower().endswith(SUFFIXES)]
        dataset = open_source(labels, **opening_for_labels(given, said))
    else:
        odd = [f"--{name.replace('_', '-')}" for name in READING if given[name] is not None]
        if odd and not found.sources:
            raise UsageError(
                f"{', '.join(odd)}, where the results say how their labels are read", hint="name these: --source SOURCE"
            )
        dataset = dataset_of(found, None)
    check_report_out(out, *dataset.inputs, *found.files)
    if figures is not None:
        from labeldist.reports.figures.style import require_plots

        require_plots("drawing figures")
    with shown_progress() as progress:
        view = gather(found, dataset, items=wanted, bootstrap=bootstrap, seed=seed, progress=progress)
    files = write_report(view, out)
    if figures is not None:
        from labeldist.reports.figures.draw import draw_figures

        files += draw_figures(view, figures)
    return show_report(view, files, as_json=as_json)
