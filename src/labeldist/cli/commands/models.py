"""``labeldist models``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from labeldist.cli.options import json_option
from labeldist.cli.printing import say, say_json, say_lines

if TYPE_CHECKING:
    from labeldist.models.open import Backend


@click.group("models", invoke_without_command=True, epilog="Examples: labeldist models; labeldist models show embedded")
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the language models, or show one."""
    if context.invoked_subcommand is not None:
        return
    from labeldist.models.open import BACKENDS

    rows = [_row(name, backend, BACKENDS.added_by(name)) for name, backend in BACKENDS.parts().items()]
    if as_json:
        say_json({"models": rows})
        return
    width = max(len(row["spec"]) for row in rows)
    for row in rows:
        plugin = f"  [plugin {row['plugin']}]" if row["plugin"] else ""
        say(f"{row['spec']:<{width}}  {row['title']}{plugin}")


def _row(name: str, backend: Backend, plugin: str | None) -> dict[str, Any]:
    return {"name": name, "spec": backend.spec, "title": backend.title, "plugin": plugin}


@command.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """What is known of one kind of model; for the embedded one its model card."""
    from labeldist.models.open import BACKENDS

    backend = BACKENDS.get(name)
    if as_json:
        card = None if backend.card is None else backend.card()
        say_json(_row(name, backend, BACKENDS.added_by(name)) | {"card": card})
        return
    say_lines(f"{backend.spec}: {backend.title}" if backend.card is None else backend.card())
