"""What ``collect`` and ``read`` print when they are done."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from labeldist.cli.printing import say, say_json, tell
from labeldist.cli.results import counted, status, tell_failures

if TYPE_CHECKING:
    from labeldist.collecting.answers import Answered
    from labeldist.collecting.project import Collected

UNITS = {"labels": "item", "explanations": "explanation", "preference": "pair"}


def show_collected(done: Collected, what: str, *, as_json: bool) -> int:
    """Show what was written and the command that starts it; returns the exit status."""
    if as_json:
        say_json(asdict(done))
        return status(done.failures)
    folder = done.files[0].parent
    of_items = "" if what == "labels" else f" of {counted(done.items, 'item')}"
    say(f"{counted(done.units, UNITS[what])}{of_items} for people to look at, written to {folder}.")
    say("Start it:")
    say(f"  {done.command}")
    say(done.then)
    say("Then:")
    say(f"  labeldist read {folder}{'' if 'potato' in done.command else ' EXPORT.json'} --out collected.jsonl")
    for note in done.notes:
        tell("note", note)
    tell_failures(done.failures)
    return status(done.failures)


def show_answered(done: Answered, *, as_json: bool) -> int:
    """Show what came of a project; returns the exit status."""
    if as_json:
        say_json(asdict(done))
        return 0
    answers = ", ".join(f"{name} {count:,}" for name, count in done.answers.items())
    say(f"{counted(len(done.annotators), 'annotator')}; answers: {answers}.")
    say(f"{counted(done.rows, 'row')} written to {done.files[0]}.")
    for note in done.notes:
        tell("note", note)
    return 0
