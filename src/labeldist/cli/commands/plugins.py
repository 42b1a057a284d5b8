"""``labeldist plugins``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from labeldist.cli.options import json_option
from labeldist.cli.printing import say, say_json, tell
from labeldist.core.errors import LabeldistError
from labeldist.core.registry import did_you_mean

if TYPE_CHECKING:
    from labeldist.core.plugins import Plugin
    from labeldist.core.registry import Registry


@click.command("plugins", epilog="Example: labeldist plugins --json")
@json_option
def command(as_json: bool) -> int:
    """List the parts that other installed packages add, and try each.

    Ends with status 1 where a part cannot be used: its import fails, or its name is taken.
    """
    from labeldist.cli.parts import registries
    from labeldist.core.plugins import installed

    known = registries()
    rows = [_row(plugin, known) for plugin in sorted(installed(), key=lambda one: (one.owner, one.group, one.name))]
    if as_json:
        say_json({"plugins": rows, "groups": {group: registry.kind for group, registry in known.items()}})
    elif not rows:
        say("No plugins are installed.")
    else:
        _show(rows)
    return int(any(row["problem"] for row in rows))


def _row(plugin: Plugin, known: Mapping[str, Registry[Any]]) -> dict[str, Any]:
    """An entry point and what is wrong with it (None: nothing)."""
    registry = known.get(plugin.group)
    row = asdict(plugin) | {"kind": None if registry is None else registry.kind, "problem": None}
    try:
        if registry is None:
            raise did_you_mean("group of plugins", plugin.group, known)
        registry.get(plugin.name)
    except LabeldistError as error:
        row["problem"] = error.in_a_line
    return row


def _show(rows: list[dict[str, Any]]) -> None:
    owner = ""
    for row in rows:
        if owner != (owner := f"{row['distribution']} {row['version']}"):
            say(owner, bold=True)
        say(f"  {row['kind'] or row['group']} {row['name']}" + ("  (cannot be used)" if row["problem"] else ""))
    for problem in dict.fromkeys(row["problem"] for row in rows if row["problem"]):
        tell("failed", problem)
