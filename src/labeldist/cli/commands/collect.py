"""``labeldist collect``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from labeldist.cli.options import (
    AT_LEAST_ONE,
    json_option,
    label_options,
    opening,
    opening_for_labels,
    seed_option,
    source_options,
    split_names,
)

TOOLS = ("potato", "label-studio")
WHAT = ("labels", "explanations", "preference")


@click.command(
    "collect", epilog="Example: labeldist collect items.jsonl --tool potato --what labels --items 50 --out project"
)
@click.argument("source")
@click.option("--tool", type=click.Choice(TOOLS), required=True, help="The annotation tool, another program.")
@click.option(
    "--what",
    type=click.Choice(WHAT),
    required=True,
    help="Labels; whether each explanation is faithful, relevant and for which label; or which of two is better.",
)
@click.option("--items", "number", type=AT_LEAST_ONE, help="Only so many: those that `labeldist plan` names first.")
@click.option(
    "--fields",
    multiple=True,
    metavar="COLUMN,...",
    help="The columns that people see.  [default: the task's fields, else all that hold texts]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("project"),
    show_default=True,
    help="Folder to write.",
)
@click.option("--overwrite", is_flag=True, help="Move files aside that labeldist did not write.")
@source_options
@label_options
@seed_option
@json_option
def command(
    source: str,
    tool: str,
    what: str,
    number: int | None,
    fields: tuple[str, ...],
    out: Path,
    overwrite: bool,
    seed: int,
    as_json: bool,
    **given: Any,
) -> int:
    """Write a project in which people label items or judge explanations.

    Potato and Label Studio are other programs, to be installed by themselves; the project starts as it is, and the
    command that starts it is printed. Explanations come in random order, without their source and label; what they are
    is in key.jsonl, which the tool does not show. `labeldist read` puts the answers together with the items.
    """
    from labeldist.cli.collected import show_collected
    from labeldist.collecting.project import collect
    from labeldist.datasets.source import open_source

    dataset = open_source(source, **_opening(source, what, given))
    done = collect(
        dataset,
        out,
        tool=tool,
        what=what,
        number=number,
        fields=split_names(fields),
        seed=seed,
        overwrite=overwrite,
    )
    return show_collected(done, what, as_json=as_json)


def _opening(source: str, what: str, given: dict[str, Any]) -> dict[str, Any]:
    """A file of one's own needs no task to be labelled: labels are found or named, and texts are whatever it has."""
    from labeldist.datasets.catalog import DATASETS

    known = source.partition(":")[0] in DATASETS.names()
    if given["task"] or known or (what != "labels" and not given["labels"]):
        return opening(given)
    return opening_for_labels(given, ())
