"""What ``labeldist experiment`` prints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from labeldist.cli.printing import say, say_json, say_lines, tell
from labeldist.cli.results import counted, status, tell_failures

if TYPE_CHECKING:
    from labeldist.experiments.run import ExperimentSummary


def list_experiments(*, as_json: bool) -> int:
    """Every experiment with its question."""
    from labeldist.experiments.experiment import EXPERIMENTS
    from labeldist.experiments.run import all_experiments

    known = all_experiments()
    if as_json:
        say_json(
            {
                "experiments": [
                    {
                        "name": e.name,
                        "title": e.title,
                        "question": e.question,
                        "source": e.source,
                        "beyond": e.beyond,
                        "plugin": EXPERIMENTS.added_by(e.name),
                    }
                    for e in known
                ]
            }
        )
        return 0
    for one in known:
        beyond = " (beyond the paper)" if one.beyond else ""
        plugin = EXPERIMENTS.added_by(one.name)
        say(f"{one.name}: {one.title}{beyond}" + (f" [plugin {plugin}]" if plugin else ""))
        say(f"  {one.question}")
    return 0


def show_experiment(summary: ExperimentSummary, out: Path, *, as_json: bool) -> int:
    """The tables and where they are; returns the exit status."""
    from labeldist.experiments.render import TABLE, cells_tables

    folder = out / summary.experiment.name
    findings = summary.findings
    if as_json:
        say_json(
            {
                "experiment": summary.experiment.name,
                "out": folder,
                "items": summary.items,
                "cells": [cell.as_dict() for cell in findings.cells],
                "differences": [one.as_dict() for one in findings.differences],
                "notes": [*findings.notes, *summary.notes],
                "failures": summary.failures,
                "calls_made": summary.calls_made,
                "calls_reused": summary.calls_reused,
                "files": summary.files,
            }
        )
        return status(summary.failures)
    say(summary.experiment.title)
    say()
    say_lines(cells_tables(findings, intervals=False) + "\n")
    files = ", ".join(file.name for file in summary.files)
    say(
        f"{counted(summary.items, 'item')}; {summary.calls_made:,} model calls made, {summary.calls_reused:,} reused. "
        f"Written to {folder}: {files}"
    )
    if findings.differences:
        say(f"Intervals, and {counted(len(findings.differences), 'difference')} by paired bootstrap: {TABLE}")
    for note in (*findings.notes, *summary.notes):
        tell("note", note)
    tell_failures(summary.failures, folder / "failures.jsonl")
    return status(summary.failures)
