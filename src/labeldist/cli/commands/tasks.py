"""``labeldist tasks``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from labeldist.cli.options import json_option, split_names
from labeldist.cli.printing import say, say_json, say_lines


@click.group(
    "tasks",
    invoke_without_command=True,
    epilog="Example: labeldist tasks new sentiment --labels negative,neutral,positive",
)
@click.pass_context
def command(context: click.Context) -> int:
    """List the tasks, show one, or begin one of your own.

    A task is a folder of two small files: what the labels are, and what a model is asked. Without a command: the list.
    """
    return context.invoke(list_tasks) if context.invoked_subcommand is None else 0


@command.command("list", epilog="Example: labeldist tasks list")
@json_option
def list_tasks(as_json: bool) -> int:
    """The tasks that come with labeldist."""
    from labeldist.tasks.load import default_task, load_task, shipped_tasks

    tasks = [load_task(name) for name in shipped_tasks()]
    if as_json:
        rows = [
            {"name": t.name, "title": t.title, "language": t.language, "fields": t.fields, "labels": t.label_names,
             "scale": t.scale, "default": t.name == default_task()}
            for t in tasks
        ]  # fmt: skip
        say_json({"tasks": rows})
        return 0
    for task in tasks:
        default = " (the one of a file that names none)" if task.name == default_task() else ""
        say(f"{task.name}: {task.title}{default}")
        say(f"  fields: {', '.join(task.fields)}; labels: {', '.join(task.label_names)}")
    return 0


@command.command("show", epilog="Example: labeldist tasks show offensiveness")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> int:
    """A task, by name or folder: its labels, and the prompts of its example."""
    from labeldist.cli.task_text import example_prompts, facts
    from labeldist.tasks.load import load_task

    task = load_task(name)
    if as_json:
        say_json(facts(task) | {"prompts": dict(example_prompts(task))})
        return 0
    say(f"{task.name}: {task.title} ({task.language}, {task.scale})")
    for label in task.labels:
        aliases = f", also written {', '.join(label.aliases)}" if label.aliases else ""
        value = "" if label.value is None else f", value {label.value:g}"
        say(f"  {label.name}{value}{aliases}: {label.verbalised}")
    for what, text in example_prompts(task):
        say_lines(f"\n{what}:\n{text}")
    return 0


@command.command("new", epilog="Example: labeldist tasks new sentiment --labels negative,neutral,positive")
@click.argument("name")
@click.option("--labels", multiple=True, required=True, metavar="LABEL,...", help="At least two, in order.")
@click.option("--fields", multiple=True, default=("text",), show_default=True, metavar="FIELD,...", help="Of an item.")
@click.option("--language", default="en", show_default=True, help="Of the items and, for en, zh, ko, of the prompts.")
@click.option("--scale", type=click.Choice(["nominal", "ordinal"]), default="nominal", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write.  [default: NAME]")
@json_option
def new(
    name: str,
    labels: tuple[str, ...],
    fields: tuple[str, ...],
    language: str,
    scale: str,
    out: Path | None,
    as_json: bool,
) -> int:
    """A folder with a task of your own, which loads at once; put the right words in."""
    from labeldist.cli.task_text import facts
    from labeldist.tasks.load import wordings
    from labeldist.tasks.scaffold import new_task

    folder = Path(name) if out is None else out
    task = new_task(folder, split_names(labels), fields=split_names(fields), language=language, scale=scale)
    if as_json:
        say_json(facts(task) | {"folder": folder})
        return 0
    say(f"Written: {folder / 'task.toml'} and {folder / 'prompts.toml'}.")
    if language not in wordings():
        say(f"The prompts are in English, since labeldist has none in {language!r}: {', '.join(wordings())}.")
    say("Put the right words in, then:")
    quoted = shlex.quote(str(folder))
    say(f"  labeldist tasks show {quoted}")
    say(f"  labeldist doctor --task {quoted}")
    say(f"  labeldist run items.jsonl --task {quoted} --out result")
    return 0
