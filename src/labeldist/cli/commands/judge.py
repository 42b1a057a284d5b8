"""``labeldist judge``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.batch_options import batch_options, prices
from labeldist.cli.judge_options import judge_options
from labeldist.cli.options import (
    engine_options,
    json_option,
    judge_settings,
    model_options,
    model_settings,
    opening,
    out_option,
    pilot_option,
    price_options,
    seed_option,
    source_options,
)


@click.command("judge", epilog="Example: labeldist judge selected.jsonl --orders balanced:12 --out mjd.jsonl")
@click.argument("source")
@out_option("File of distributions", "mjd.jsonl", rows=True)
@click.option(
    "--explanations",
    type=click.Choice(["given", "human", "none"]),
    default="given",
    show_default=True,
    help="Show what the items carry, only what humans wrote, or nothing.",
)
@click.option(
    "--from", "whose", metavar="SOURCE", help="Of --answers validity: whose explanations.  [default: the only]"
)
@click.option(
    "--leave-one-out",
    is_flag=True,
    help="Judge also with one explanation of each label left out: `labeldist estimate` needs that of explanations that "
    "labels guided.",
)
@source_options
@model_options
@engine_options
@price_options
@batch_options
@judge_options
@pilot_option
@seed_option
@json_option
def command(
    source: str, out: Path, explanations: str, leave_one_out: bool, whose: str | None, as_json: bool, **given: Any
) -> int:
    """A model judges each item under every order of explanations and options.

    Writes the model judgment distribution (MJD) of each item; with --answers validity instead how valid the model finds
    the explanations of each label, one by one. The same command resumes.
    """
    from labeldist.calls.engine import engine
    from labeldist.cli.progress import shown_progress
    from labeldist.cli.results import show_stage, show_waiting
    from labeldist.datasets.source import open_source
    from labeldist.runs.batch_files import QuestionsWaitError
    from labeldist.runs.pilot import refuse_pilot
    from labeldist.runs.single import judge_to_file

    settings = judge_settings(given, given["seed"])
    options = model_settings(given)
    refuse_pilot(given["pilot"], [settings], batched=options.batch is not None)
    dataset = open_source(source, **opening(given))
    try:
        with engine(given["engine"], given["workers"]) as open_model:
            model = open_model(given["model"], options)
            with shown_progress() as progress:
                summary = judge_to_file(
                    dataset,
                    model,
                    out,
                    explanations=explanations,
                    leave_one_out=leave_one_out,
                    whose=whose,
                    settings=settings,
                    pilot=given["pilot"],
                    progress=progress,
                )
    except QuestionsWaitError as waiting:
        return show_waiting(waiting, as_json=as_json)
    return show_stage(summary, prices(given), as_json=as_json)
