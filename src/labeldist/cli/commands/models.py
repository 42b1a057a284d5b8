"""``labeldist models``."""

from __future__ import annotations

import click

from labeldist.cli.options import json_option
from labeldist.cli.printing import say, say_json, say_lines


@click.group("models", invoke_without_command=True, epilog="Examples: labeldist models; labeldist models show embedded")
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the language models, or show one."""
    if context.invoked_subcommand is not None:
        return
    from labeldist.models.open import BACKENDS

    backends = {name: BACKENDS.get(name) for name in BACKENDS.names()}
    rows = [{"name": name, "spec": backend.spec, "title": backend.title} for name, backend in backends.items()]
    if as_json:
        say_json({"models": rows})
        return
    width = max(len(row["spec"]) for row in rows)
    for row in rows:
        say(f"{row['spec']:<{width}}  {row['title']}")


@command.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """What is known of one kind of model; for the embedded one its model card."""
    from labeldist.models.open import BACKENDS

    backend = BACKENDS.get(name)
    if as_json:
        card = None if backend.card is None else backend.card()
        say_json({"name": name, "spec": backend.spec, "title": backend.title, "card": card})
        return
    say_lines(f"{backend.spec}: {backend.title}" if backend.card is None else backend.card())
