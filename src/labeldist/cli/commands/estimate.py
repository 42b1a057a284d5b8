"""``labeldist estimate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.options import (
    annotators_option,
    calibrate_option,
    evidence_from_texts_option,
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
@evidence_from_texts_option
@saw_labels_option
@click.option("--no-texts", is_flag=True, help="Learn nothing from the items' texts.")
@calibrate_option
@click.option(
    "--prior",
    type=click.Choice(["mixture", "dirichlet"]),
    default="mixture",
    show_default=True,
    help="What --calibrate labels expects of items: several kinds of them, as far as the labels speak for that, or "
    "one.",
)
@click.option(
    "--point",
    metavar="mean|median|median:N",
    default="mean",
    show_default=True,
    help="What each distribution is: nearest to the true one by KL (mean), by Wasserstein distance on a scale and else "
    "by TVD (median), or nearest like that to the labels of N annotators (median:N).",
)
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
    "--annotator-biases/--no-annotator-biases",
    default=None,
    help="Whether named annotators who recur have a hand of their own. [default: where held-out labels say so]",
)
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
    no_texts: bool,
    calibrate: str,
    prior: str,
    point: str,
    population: str,
    calibration: Path | None,
    calibration_out: Path | None,
    annotators: str | None,
    annotator_biases: bool | None,
    interval: float,
    out: Path,
    seed: int,
    as_json: bool,
    **given: Any,
) -> int:
    """Combine labels and evidence into a calibrated distribution per item, with intervals.

    The evidence makes a prior for each item, worth so many annotators, and the item's own labels are counted on top.
    Evidence that saw the labels that it would be weighed by is refused with --calibrate labels, unless it comes with
    its leave-one-out form. Where 200 items or more have labels and texts, evidence is also learnt from their texts, for
    each item from the labels of others, and weighed like any other.
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
        prior=prior,
        point=point,
        population=population,
        annotators=annotators,
        annotator_biases=annotator_biases,
        mass=interval,
        seed=seed,
        saw_labels=saw_labels,
        texts=not no_texts,
        calibration=calibration,
        calibration_out=calibration_out,
    )
    return show_estimate(summary, as_json=as_json)
