"""``labeldist predict``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.options import AT_LEAST_ONE, json_option, opening, out_option, source_options


@click.command("predict", epilog="Example: labeldist predict anli-r1:test --model tuned --out predictions.jsonl")
@click.argument("source")
@click.option("--model", required=True, metavar="MODEL", help="A classifier: a folder, or a name on the hub.")
@out_option("File", "predictions.jsonl", rows=True)
@click.option("--max-length", type=AT_LEAST_ONE, default=128, show_default=True, help="Most tokens of an item.")
@click.option("--batch-size", type=AT_LEAST_ONE, default=64, show_default=True, help="Items at a time.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@source_options
@json_option
def command(source: str, model: str, out: Path, as_json: bool, **given: Any) -> int:
    """The distribution that a trained classifier gives each item; `labeldist evaluate` compares it with references.

    Needs the extra 'train'.
    """
    from labeldist.classifiers.from_sources import predict_to_file
    from labeldist.cli.progress import shown_progress
    from labeldist.cli.training import show_predictions

    with shown_progress() as progress:
        done = predict_to_file(
            source, model, out, progress=progress, max_length=given["max_length"], batch_size=given["batch_size"],
            device=given["device"], **opening(given),
        )  # fmt: skip
    return show_predictions(done, as_json=as_json)
