"""``labeldist estimate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.options import (
    annotators_option,
    calibrate_option,
    evidence_option,
    json_option,
    label_options,
    opening_for_labels,
    out_option,
    saw_labels_option,
    seed_option,
    source_options,
    split_names,
)


@click.command(
    "estimate", epilog="Example: labeldist estimate items.jsonl --evidence result/mjd.none.jsonl --out posterior.jsonl"
)
@click.argument("source")
@evidence_option
@saw_labels_option
@calibrate_option
@click.option(
    "--population",
    type=click.Choice(["same", "other"]),
    default="same",
    show_default=True,
    help="Whom you ask about: people like the annotators, or other ones, such as a crowd where experts labelled (half "
    "of what the annotators prefer is then taken to be their own, an assumption).",
)
@click.option(
    "--calibration",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Apply what was learnt on other items with such annotators and evidence (--calibration-out) instead of "
    "learning from these.",
)
@click.option(
    "--calibration-out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="File (.json) for what is learnt, to be applied to other items.",
)
@annotators_option
@click.option(
    "--interval",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.9,
    show_default=True,
    help="Chance that an interval holds the true probability.",
)
@out_option("File of posteriors", "posterior.jsonl", rows=True)
@source_options
@label_options
@seed_option
@json_option
def command(
    source: str,
    evidence: tuple[str, ...],
    saw_labels: bool | None,
    calibrate: str,
    population: str,
    calibration: Path | None,
    calibration_out: Path | None,
    annotators: str | None,
    interval: float,
    out: Path,
    seed: int,
    as_json: bool,
    **given: Any,
) -> int:
    """Combine labels and evidence into a calibrated distribution per item, with intervals.

    The evidence makes a prior for each item, worth so many annotators, and the item's own labels are counted on top.
    Evidence that saw the labels that it would be weighed by is refused with --calibrate labels, unless it comes with
    its leave-one-out form.
    """
    from labeldist.cli.results import show_estimate
    from labeldist.datasets.source import open_source
    from labeldist.runs.posterior import estimate_to_file

    dataset = open_source(source, **opening_for_labels(given, split_names(evidence)))
    summary = estimate_to_file(
        dataset,
        out,
        evidence=split_names(evidence),
        calibrate=calibrate,
        population=population,
        annotators=annotators,
        mass=interval,
        seed=seed,
        saw_labels=saw_labels,
        calibration=calibration,
        calibration_out=calibration_out,
    )
    return show_estimate(summary, as_json=as_json)
