"""``labeldist datasets``."""

from __future__ import annotations

from pathlib import Path

import click

from labeldist.cli.options import json_option
from labeldist.cli.printing import say, say_json


@click.group(
    "datasets", invoke_without_command=True, epilog="Examples: labeldist datasets; labeldist datasets fetch varierr"
)
@json_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write the list as JSONL.")
@click.pass_context
def command(context: click.Context, as_json: bool, out: Path | None) -> None:
    """List the named data sets, or fetch one.

    A data set is read from the folder in LABELDIST_DATA, or from the cache that `fetch` fills.
    """
    if context.invoked_subcommand is not None:
        return
    from labeldist.cli.results import print_datasets
    from labeldist.datasets.catalog import listing
    from labeldist.datasets.files import write_rows

    rows = listing()
    if out is not None:
        write_rows(out, rows)
    if as_json:
        say_json({"datasets": rows})
    else:
        print_datasets(rows)


@command.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """All that is known of one data set."""
    from labeldist.cli.results import print_dataset
    from labeldist.datasets.catalog import listed

    row = listed(name)
    if as_json:
        say_json(row)
    else:
        print_dataset(row)


@command.command("fetch")
@click.argument("name")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder to fill.  [default: the cache]")
@json_option
def fetch_command(name: str, out: Path | None, as_json: bool) -> None:
    """Fetch a data set from its public home; every file is checked against a checksum."""
    from labeldist.cli.progress import shown_bytes
    from labeldist.datasets.fetch import fetch

    folder = fetch(name, out, shown_bytes())
    if as_json:
        say_json({"name": name, "folder": folder})
    else:
        say(f"{name} is in {folder}")
