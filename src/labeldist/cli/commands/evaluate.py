"""``labeldist evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.options import (
    json_option,
    label_options,
    opening_for_labels,
    seed_option,
    source_options,
    split_names,
)


@click.command("evaluate", epilog="Example: labeldist evaluate result/mjd.*.jsonl --reference chaosnli-snli")
@click.argument("predictions", nargs=-1, metavar="[NAME=]PREDICTIONS...")
@click.option("--reference", "source", required=True, metavar="SOURCE", help="Items with reference (and labels).")
@click.option(
    "--metrics",
    multiple=True,
    metavar="NAME,...",
    help="Which metrics; an unknown name lists them.  [default: kl,jsd,tvd,dcorr,ce, and wasserstein on a scale; where "
    "references have fewer than 20 votes, ce,brier first, and rps on a scale]",
)
@click.option(
    "--bootstrap", type=click.IntRange(min=0), default=1000, show_default=True, help="Resamples; 0: no intervals."
)
@click.option(
    "--ceiling/--no-ceiling",
    default=None,
    help="Show how well people predict people: of a reference of counts, halves of it.  "
    "[default: with --reference-annotators]",
)
@click.option("--intervals/--no-intervals", default=None, help="Show intervals.  [default: where there is room]")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write: .json, or .md for a table.")
@source_options
@label_options
@seed_option
@json_option
def command(
    predictions: tuple[str, ...],
    source: str,
    metrics: tuple[str, ...],
    bootstrap: int,
    ceiling: bool | None,
    intervals: bool | None,
    out: Path | None,
    seed: int,
    as_json: bool,
    **given: Any,
) -> int:
    """Compare distributions with a dense human reference, beside baselines.

    PREDICTIONS are files of distributions, as judge writes them; without any, the baselines stand alone: uniform, and
    from the items' labels the majority, relative frequencies, and 0.5 or 1 pseudo-count per label, for each group of
    annotators. With --on-error skip all rows use the items common to all files; what was skipped is printed, and with
    --out also written beside it.
    """
    from labeldist.cli.results import show_evaluation, write_evaluation
    from labeldist.core.errors import UsageError
    from labeldist.datasets.read_report import ReadReport
    from labeldist.datasets.source import open_source
    from labeldist.datasets.whole import is_special
    from labeldist.runs.beside import check_out, failures_of, write_failures
    from labeldist.runs.distributions import evaluate_files, named_files

    dataset = open_source(source, **opening_for_labels(given, predictions))
    files = named_files(predictions)
    if out is not None:
        check_out(out, *dataset.inputs, *files.values())
        if out.suffix not in (".json", ".md") and not is_special(out):
            raise UsageError(f"--out {out}: a file of no known kind", hint="end its name in .json, or .md for a table")
    report, bad_rows = ReadReport(), ReadReport()
    evaluation = evaluate_files(
        dataset,
        files,
        metrics=split_names(metrics) or None,
        bootstrap=bootstrap,
        seed=seed,
        missing=dataset.on_error,
        report=report,
        failures=bad_rows.failures,
        with_ceiling=ceiling,
    )
    failures = [*report.rows(), *bad_rows.rows()]
    beside = []
    if out is not None:
        write_evaluation(evaluation, out)
        beside = write_failures(failures, failures_of(out))
    notes = [dataset.told] if dataset.told else []
    if report.columns.unused and not report.columns.labelled:
        notes.append(f"no item has labels, so there are no baselines from labels ({report.columns.told()})")
    return show_evaluation(evaluation, failures, *beside, intervals=intervals, as_json=as_json, notes=notes)
