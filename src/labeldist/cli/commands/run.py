"""``labeldist run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.batch_options import batch_options, prices
from labeldist.cli.judge_options import judge_options
from labeldist.cli.options import (
    calibrate_option,
    engine_options,
    first_or_named,
    generation_options,
    how_models_run,
    json_option,
    models_option,
    out_option,
    pilot_option,
    price_options,
    run_settings,
    seed_option,
    source_options,
    split_names,
)


@click.command(
    "run",
    epilog="Example: labeldist run items.jsonl --explanations none,label-guided --orders balanced:12 --out result",
)
@click.argument("source")
@out_option("Folder", "result", folder=True)
@click.option(
    "--explanations",
    multiple=True,
    metavar="SPEC,...",
    help="What the judge sees: none, human, label-free, label-guided or GROUP-guided (by the annotators of a group), "
    "each with :first, :longest, :diverse, :similar or :random.  [default: none,label-free, and label-guided where "
    "there are labels]",
)
@click.option(
    "--explainer",
    default="same",
    show_default=True,
    metavar="MODEL|items:SOURCE",
    help="Who explains: the same model (of several the first), another, or items:SOURCE for what the items carry from "
    "that source.",
)
@click.option("--parser", metavar="PROFILE", help="How raw answers are read.  [default: clean]")
@calibrate_option
@click.option(
    "--leave-one-out/--no-leave-one-out",
    default=True,
    show_default=True,
    help="Judge guided explanations also with one annotator of each label left out: more calls, but --calibrate labels "
    "can then use them.",
)
@source_options
@click.option(
    "--shard",
    metavar="NUMBER/OF",
    help="Only one part of the items, such as 3/16, chosen by a hash of their ids: to share a source among machines. "
    "The distributions of all shards are merged by concatenating their files.",
)
@models_option
@how_models_run
@engine_options
@price_options
@batch_options
@judge_options
@generation_options
@pilot_option
@seed_option
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace the results of a run with other settings, and move changed files aside; its calls are kept.",
)
@click.option(
    "--show",
    default="3",
    show_default=True,
    metavar="N|ID,...",
    help="Items to print: the first N, by id, or disputed:N and agreed:N.",
)
@json_option
def command(
    source: str, out: Path, explanations: tuple[str, ...], overwrite: bool, show: str, as_json: bool, **given: Any
) -> int:
    """The whole way: explain, select, judge, estimate, evaluate.

    Everything is kept in the folder --out: run.sqlite (every model call), the distributions per kind of explanations,
    the posterior that combines them with the labels, and, where items have a reference, the evaluation beside the
    baselines. The same command resumes an interrupted run.
    """
    from labeldist.cli.progress import shown_progress
    from labeldist.cli.results import show_run, show_waiting
    from labeldist.runs.batch_files import QuestionsWaitError
    from labeldist.runs.pipeline import run
    from labeldist.runs.settings import RunSettings

    wanted = first_or_named(show)
    settings = RunSettings(
        source=source,
        conditions=split_names(explanations),
        calibrate=given["calibrate"],
        leave_one_out=given["leave_one_out"],
        shard=given["shard"],
        pilot=given["pilot"],
        **run_settings(given),
    )
    try:
        with shown_progress() as progress:
            summary = run(settings, out, overwrite=overwrite, progress=progress)
    except QuestionsWaitError as waiting:
        return show_waiting(waiting, as_json=as_json)
    return show_run(summary, wanted, prices(given), as_json=as_json)
