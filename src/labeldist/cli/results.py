"""What commands print when they are done: tables for people, one JSON object for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from labeldist.run.pipeline import RunSummary

DONE, PARTLY_FAILED = 0, 1
SMALL_LETTER_MASS = 0.5
SHOWN_FAILURES = 5


def print_json(summary: dict[str, Any]) -> None:
    """One JSON object on standard output."""
    click.echo(json.dumps(summary, ensure_ascii=False, indent=1, default=str))


def show_run(summary: RunSummary, *, as_json: bool) -> int:
    """Show what a run did; returns the exit status."""
    warnings = _letter_mass_warnings(summary.letter_mass)
    if as_json:
        print_json(
            {
                "out": summary.out,
                "items": summary.items,
                "failures": summary.failures,
                "calls_made": summary.calls_made,
                "calls_reused": summary.calls_reused,
                "store": summary.store,
                "letter_mass": summary.letter_mass,
                "warnings": warnings,
                "evaluation": None if summary.evaluation is None else summary.evaluation.as_dict(),
                "files": summary.files,
            }
        )
        return status(summary.failures)
    if summary.evaluation is not None:
        from rich.console import Console

        from labeldist.report.tables import print_evaluation

        print_evaluation(summary.evaluation, Console())
        click.echo()
    click.echo(
        f"{summary.items:,} items; {summary.calls_made:,} model calls made, {summary.calls_reused:,} reused. "
        f"Written to {summary.out}: {', '.join(file.name for file in summary.files)}"
    )
    for warning in warnings:
        click.echo(f"labeldist: warning: {warning}", err=True)
    tell_failures(summary.failures)
    return status(summary.failures)


def tell_failures(failures: Sequence[dict[str, Any]]) -> None:
    """The first failures and how many there are, on standard error."""
    for failure in failures[:SHOWN_FAILURES]:
        told = ", ".join(f"{name}: {value}" for name, value in failure.items() if value is not None)
        click.echo(f"labeldist: failed: {told}", err=True)
    if failures:
        click.echo(f"labeldist: {len(failures):,} failed; all are in failures.jsonl", err=True)


def status(failures: Sequence[object]) -> int:
    """The exit status: partly failed if anything did."""
    return PARTLY_FAILED if failures else DONE


def _letter_mass_warnings(letter_mass: dict[str, float | None]) -> list[str]:
    return [
        f"with explanations {name!r} all answers together had a probability of only {mass:.3f}: the model would "
        "rather say something else. Try other --answers, or another model"
        for name, mass in letter_mass.items()
        if mass is not None and mass < SMALL_LETTER_MASS
    ]
