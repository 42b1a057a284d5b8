"""What commands print when they are done: tables for people, one JSON object for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from labeldist.evaluate.evaluation import Evaluation
    from labeldist.run.pipeline import RunSummary
    from labeldist.run.single import StageSummary

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
    tell_failures(summary.failures, str(summary.out / "failures.jsonl"))
    return status(summary.failures)


def show_stage(summary: StageSummary, *, as_json: bool) -> int:
    """Show what a single stage did; returns the exit status."""
    warnings = _letter_mass_warnings(summary.letter_mass)
    if as_json:
        print_json({**asdict(summary), "warnings": warnings})
        return status(summary.failures)
    click.echo(
        f"{summary.rows:,} rows; {summary.calls_made:,} model calls made, {summary.calls_reused:,} reused. "
        f"Written: {', '.join(map(str, summary.files))}"
    )
    for warning in warnings:
        click.echo(f"labeldist: warning: {warning}", err=True)
    tell_failures(summary.failures, str(summary.files[-1]))
    return status(summary.failures)


def show_evaluation(
    evaluation: Evaluation, failures: Sequence[dict[str, Any]], *, intervals: bool | None, as_json: bool
) -> int:
    """Show an evaluation; returns the exit status."""
    if as_json:
        print_json({"evaluation": evaluation.as_dict(), "failures": failures})
        return status(failures)
    from rich.console import Console

    from labeldist.report.tables import print_evaluation

    print_evaluation(evaluation, Console(), intervals=intervals)
    tell_failures(failures)
    return status(failures)


def write_evaluation(evaluation: Evaluation, out: Path) -> None:
    """Write an evaluation: a Markdown table where the name ends in .md, else JSON."""
    from labeldist.datasets.files import write_rows
    from labeldist.report.tables import markdown_table

    if out.suffix == ".md":
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(markdown_table(evaluation, intervals=True), encoding="utf-8")
    else:
        write_rows(out, [evaluation.as_dict()])


def print_datasets(rows: Sequence[dict[str, Any]]) -> None:
    """The named data sets as a table: rows, labels per item, reference, licence, and whether they are here."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for title in ("name", "rows", "labels per item", "reference", "licence", "here"):
        table.add_column(title, justify="right" if title == "rows" else "left", overflow="fold")
    for row in rows:
        splits = row["splits"]
        counts = "\n".join(
            f"{name if len(splits) > 1 else ''} {split['rows']:,}".strip() for name, split in splits.items()
        )
        here = "yes" if row["available"] else "fetch" if row["fetchable"] else "by hand"
        cells = (row["name"], counts, row["labels"], row["reference"], row["licence"], here)
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
    click.echo("A split is named NAME:SPLIT. Citation, home and notes: labeldist datasets show NAME")


def print_dataset(row: dict[str, Any]) -> None:
    """One data set, a line for each thing that is known."""
    for name, value in row.items():
        if name == "splits":
            value = ", ".join(f"{split} ({facts['rows']:,} rows)" for split, facts in value.items())
        if value not in ("", None):
            click.echo(f"{name}: {value}")


def tell_failures(failures: Sequence[dict[str, Any]], file: str = "") -> None:
    """The first failures, how many there are, and the ``file`` that has all, on standard error."""
    for failure in failures[:SHOWN_FAILURES]:
        told = ", ".join(f"{name}: {value}" for name, value in failure.items() if value is not None)
        click.echo(f"labeldist: failed: {told}", err=True)
    if failures:
        click.echo(f"labeldist: {len(failures):,} failed" + (f"; all are in {file}" if file else ""), err=True)


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
