"""``labeldist plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.options import (
    annotators_option,
    evidence_option,
    json_option,
    label_options,
    opening_for_labels,
    saw_labels_option,
    seed_option,
    source_options,
    split_names,
)

PRICE = click.FloatRange(min=0)


@click.command("plan", epilog="Example: labeldist plan pilot.jsonl --target 0.1 --price-label 0.08 --price-call 0.0002")
@click.argument("source")
@evidence_option
@saw_labels_option
@annotators_option
@click.option("--target", type=click.FloatRange(min=0, min_open=True), help="The error that is to be reached.")
@click.option(
    "--metric", type=click.Choice(["kl", "tvd"]), default="kl", show_default=True, help="What the error is shown in."
)
@click.option("--price-label", type=PRICE, help="Price of one label.")
@click.option(
    "--price-call",
    multiple=True,
    metavar="[JUDGE=]PRICE",
    help="Price of one model call; of several judges each may have its own: --price-call large=0.01.",
)
@click.option(
    "--calls-per-item",
    type=click.IntRange(min=1),
    help="Model calls that one model's evidence takes for one item, such as 12 with --orders balanced:12.",
)
@click.option(
    "--most-labels",
    type=click.IntRange(1, 200),
    default=20,
    show_default=True,
    help="Predict the error for up to so many labels per item.",
)
@click.option(
    "--references/--no-references",
    default=True,
    help="Measure what references achieve, where there are 20; takes a minute.  [default: references]",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write the plan: a JSON file.")
@source_options
@label_options
@seed_option
@json_option
def command(
    source: str,
    evidence: tuple[str, ...],
    saw_labels: bool | None,
    annotators: str | None,
    target: float | None,
    metric: str,
    price_label: float | None,
    price_call: tuple[str, ...],
    calls_per_item: int | None,
    most_labels: int,
    references: bool,
    out: Path | None,
    seed: int,
    as_json: bool,
    **given: Any,
) -> int:
    """Say where the next labels, references or model calls help most.

    SOURCE is a pilot: items with a few labels, drawn like the rest of the data, and perhaps with evidence and
    references. The error is predicted for each number of labels per item, with and without each evidence, and measured
    where there are references. With --target the cheapest way to it is named; a price that is not given is unknown,
    never 0.
    """
    from labeldist.cli.plan_text import prices_of, show_plan
    from labeldist.cli.progress import shown_progress
    from labeldist.datasets.source import open_source
    from labeldist.runs.planning import plan_source

    dataset = open_source(source, **opening_for_labels(given, split_names(evidence)))
    with shown_progress() as progress:
        summary = plan_source(
            dataset,
            out,
            evidence=split_names(evidence),
            annotators=annotators,
            most_labels=most_labels,
            target=target,
            metric=metric,
            prices=prices_of(price_label, price_call, calls_per_item),
            references=references,
            seed=seed,
            saw_labels=saw_labels,
            progress=progress,
        )
    return show_plan(summary, as_json=as_json)
