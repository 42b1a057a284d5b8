"""``labeldist read``."""

from __future__ import annotations

from pathlib import Path

import click

from labeldist.cli.options import json_option, out_option


@click.command("read", epilog="Example: labeldist read project --out labelled.jsonl")
@click.argument("project", type=click.Path(path_type=Path))
@click.argument("export", type=click.Path(path_type=Path), required=False)
@out_option("File of rows", "collected.jsonl", rows=True)
@json_option
def command(project: Path, export: Path | None, out: Path, as_json: bool) -> int:
    """What people answered in a project of `labeldist collect`.

    PROJECT is its folder; EXPORT the tool's file of answers, which Potato needs not: it keeps them in the folder.
    Labels: the items with the new labels added, for `labeldist estimate`. Explanations: the items with those that most
    judges confirm, for `labeldist select`, and all verdicts. Preferences: a row for each answer.
    """
    from labeldist.cli.collected import show_answered
    from labeldist.collecting.answers import read_project

    return show_answered(read_project(project, export, out), as_json=as_json)
