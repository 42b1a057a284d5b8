"""``labeldist explain``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.batch_options import batch_options, prices
from labeldist.cli.options import (
    engine_options,
    generation_options,
    generation_settings,
    json_option,
    model_options,
    model_settings,
    opening,
    out_option,
    price_options,
    seed_option,
    source_options,
)


@click.command("explain", epilog="Example: labeldist explain items.jsonl --out explanations.jsonl")
@click.argument("source")
@out_option("File of items", "explanations.jsonl", rows=True)
@click.option("--parser", metavar="PROFILE", help="How raw answers are read.  [default: clean]")
@source_options
@model_options
@engine_options
@price_options
@batch_options
@generation_options
@seed_option
@json_option
def command(source: str, out: Path, as_json: bool, **given: Any) -> int:
    """A model lists explanations for each label of each item.

    Writes the items with the raw answers and the explanations found in them. The same command resumes.
    """
    from labeldist.calls.engine import engine
    from labeldist.cli.progress import shown_progress
    from labeldist.cli.results import show_stage, show_waiting
    from labeldist.datasets.source import open_source
    from labeldist.runs.batch_files import QuestionsWaitError
    from labeldist.runs.single import explain_to_file

    dataset = open_source(source, **opening(given))
    generation = generation_settings(given["max_new_tokens"], given["temperature"], given["seed"])
    try:
        with engine(given["engine"], given["workers"]) as open_model:
            model = open_model(given["model"], model_settings(given))
            with shown_progress() as progress:
                summary = explain_to_file(
                    dataset, model, out, generation=generation, profile=given["parser"], progress=progress
                )
    except QuestionsWaitError as waiting:
        return show_waiting(waiting, as_json=as_json)
    return show_stage(summary, prices(given), as_json=as_json)
