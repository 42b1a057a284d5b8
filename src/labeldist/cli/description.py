"""What ``labeldist describe`` prints and writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from labeldist.cli.printing import console, say_json, say_table, tell
from labeldist.cli.results import status, tell_failures

if TYPE_CHECKING:
    from labeldist.evaluation.description import Description

KINDS = (".json", ".md", ".txt")


def show_description(found: Description, failures: Path | None, *, as_json: bool) -> int:
    """Show a description, and the rows that were skipped (all are in ``failures``); returns the exit status."""
    if as_json:
        say_json(found.to_dict())
        return status(found.failures)
    from labeldist.reports.description import sections_of
    from labeldist.reports.sections import terminal_parts

    screen = console()
    for section in sections_of(found):
        for part in terminal_parts(section):
            say_table(part, screen)
    for note in (found.told, *found.notes):
        if note:
            tell("note", note)
    tell_failures([dict(one) for one in found.failures], failures)
    return status(found.failures)


def write_description(found: Description, out: Path) -> Path | None:
    """Write a description: Markdown, text, else JSON, as the name says; returns the file of skipped rows beside it."""
    from labeldist.datasets.files import write_json, write_text
    from labeldist.reports.description import sections_of
    from labeldist.reports.sections import markdown, plain_text
    from labeldist.runs.beside import failures_of, write_failures

    if out.suffix == ".md":
        write_text(out, markdown(found.name, sections_of(found)))
    elif out.suffix == ".txt":
        write_text(out, plain_text(sections_of(found)))
    else:
        write_json(out, found.to_dict())
    written = write_failures(found.failures, failures_of(out))
    return written[0] if written else None
