"""``labeldist train``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.options import AT_LEAST_ONE, json_option, opening, out_option, source_options

POSITIVE = click.FloatRange(min=0, min_open=True)


@click.command(
    "train",
    epilog="Example: labeldist train mjd-estimator --base nli-classifier --targets posterior.jsonl "
    "--dev mjd-estimator:dev --out tuned",
)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--base", required=True, metavar="MODEL", help="Classifier or encoder: a folder, or a name on the hub.")
@click.option(
    "--targets",
    default="frequencies",
    show_default=True,
    metavar="KIND|FILE",
    help="What to train on: reference, frequencies, majority, smoothed:C, or a file of distributions (as judge, "
    "estimate and run write them).",
)
@out_option("Folder of the classifier", "classifier", folder=True)
@click.option("--dev", metavar="SOURCE", help="Items with references by which the best weights are chosen.")
@click.option(
    "--loss",
    metavar="soft-cross-entropy|kl|label-repetition",
    default="soft-cross-entropy",
    show_default=True,
    help="What is made small; label-repetition shows each item once with each of its labels. Plugins may add others.",
)
@click.option("--learning-rate", type=POSITIVE, default=2e-5, show_default=True, help="At the beginning.")
@click.option("--batch-size", type=AT_LEAST_ONE, default=4, show_default=True, help="Items in a step.")
@click.option("--epochs", type=POSITIVE, default=5.0, show_default=True, help="How often each item is seen.")
@click.option("--max-length", type=AT_LEAST_ONE, default=128, show_default=True, help="Most tokens of an item.")
@click.option("--weight-decay", type=click.FloatRange(min=0), default=0.01, show_default=True, help="Of AdamW.")
@click.option(
    "--warmup", type=click.FloatRange(0, 1, max_open=True), default=0.0, show_default=True, help="Share of the steps."
)
@click.option(
    "--evaluate-every",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Steps between measurements on --dev, and between checkpoints; 0: once in an epoch.",
)
@click.option("--patience", type=AT_LEAST_ONE, help="Stop after so many measurements that are no better.")
@click.option(
    "--best-by", default="f1_macro", show_default=True, metavar="METRIC", help="What is best, as measured on --dev."
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    default="float32",
    show_default=True,
    help="Mixed precision; weights stay in float32.",
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=42, show_default=True, help="Random seed.")
@source_options
@click.option(
    "--overwrite",
    is_flag=True,
    help="Replace a classifier that was trained with other settings, and move changed files aside.",
)
@json_option
def command(
    sources: tuple[str, ...], base: str, targets: str, out: Path, dev: str | None, as_json: bool, **given: Any
) -> int:
    """Fine-tune a classifier on distributions over labels instead of single ones.

    Interrupted? Rerun the command: it resumes, and ends with the same classifier. Without --dev the last
    weights are kept. Needs the extra 'train'.
    """
    from labeldist.classifiers.from_sources import train_on_sources
    from labeldist.classifiers.settings import TrainingSettings
    from labeldist.cli.progress import shown_progress
    from labeldist.cli.training import show_training

    settings = TrainingSettings(
        objective=given["loss"],
        **{
            name: given[name]
            for name in (
                "learning_rate",
                "batch_size",
                "epochs",
                "max_length",
                "weight_decay",
                "warmup",
                "evaluate_every",
                "patience",
                "best_by",
                "precision",
                "device",
                "seed",
            )
        },
    )
    with shown_progress() as progress:
        done = train_on_sources(
            sources, base, out, settings, targets=targets, dev=dev, overwrite=given["overwrite"], progress=progress,
            **opening(given),
        )  # fmt: skip
    return show_training(done, as_json=as_json)
