"""Writes docs/reference/cli.md from the commands' own ``--help``: make docs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from labeldist.cli.main import COMMANDS, labeldist

FILE = Path(__file__).parent / "reference" / "cli.md"
HEAD = """# Commands

Made from `labeldist COMMAND --help` by `make docs`; edit the commands, not this page.
"""


def commands() -> Iterator[tuple[str, ...]]:
    """The words of every command and of the commands below it; the empty tuple is ``labeldist`` itself."""
    yield ()
    for name in COMMANDS:
        yield (name,)
        command = labeldist.get_command(click.Context(labeldist), name)
        if isinstance(command, click.Group):
            yield from ((name, below) for below in command.commands)


def help_of(words: tuple[str, ...]) -> str:
    """The help text of a command at a width of 100 columns."""
    result = CliRunner().invoke(labeldist, [*words, "--help"], prog_name="labeldist", terminal_width=100)
    if result.exit_code:
        raise RuntimeError(f"labeldist {' '.join(words)} --help ended with {result.exit_code}: {result.output}")
    return result.output.rstrip()


def reference() -> str:
    """The whole page."""
    parts = [f"## {' '.join(('labeldist', *words))}\n\n```text\n{help_of(words)}\n```\n" for words in commands()]
    return "\n".join([HEAD, *parts])


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(reference(), encoding="utf-8")
    print(f"written: {FILE}")
