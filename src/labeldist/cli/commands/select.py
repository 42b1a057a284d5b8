"""``labeldist select``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.options import json_option, opening, out_option, seed_option, source_options


@click.command("select", epilog="Example: labeldist select explanations.jsonl --explanations label-guided:longest")
@click.argument("explanations_file", metavar="EXPLANATIONS")
@out_option("File of items", "selected.jsonl", rows=True)
@click.option(
    "--explanations",
    default="label-guided",
    show_default=True,
    metavar="SPEC",
    help="label-free, label-guided or GROUP-guided, with :first, :longest, :diverse, :similar or :random; or human.",
)
@click.option("--from", "from_source", metavar="SOURCE", help="Whose explanations.  [default: the only model's]")
@click.option("--parser", metavar="PROFILE", help="Read the raw answers anew with this profile.")
@source_options
@seed_option
@json_option
def command(explanations_file: str, out: Path, explanations: str, as_json: bool, **given: Any) -> int:
    """Choose which explanations go before the judge.

    EXPLANATIONS is what `labeldist explain` wrote, or any SOURCE whose items carry explanations or raw answers. Writes
    the items with the chosen explanations, for `labeldist judge`.
    """
    from labeldist.cli.results import show_stage
    from labeldist.datasets.source import open_source
    from labeldist.explanations.condition import parse_condition
    from labeldist.runs.single import select_to_file

    dataset = open_source(explanations_file, **opening(given))
    condition = parse_condition(explanations)
    summary = select_to_file(
        dataset, condition, out, source=given["from_source"], profile=given["parser"], seed=given["seed"]
    )
    return show_stage(summary, as_json=as_json)
