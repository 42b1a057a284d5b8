"""What commands print when they are done: tables for people, one JSON object for machines."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeldist.cli.advice import advice_facts, show_advice
from labeldist.cli.printing import console, say, say_json, say_table, tell, tell_line
from labeldist.cli.spending import Prices, spending, spending_line

if TYPE_CHECKING:
    from labeldist.evaluation.evaluation import Evaluation
    from labeldist.runs.batch_files import QuestionsWaitError
    from labeldist.runs.posterior import EstimateSummary
    from labeldist.runs.prepared import RunSummary
    from labeldist.runs.single import StageSummary

DONE, PARTLY_FAILED = 0, 1
SMALL_LETTER_MASS = 0.5
SHOWN_FAILURES = 5
FACT_WIDTH = 16


def show_run(summary: RunSummary, wanted: int | Sequence[str], prices: Prices, *, as_json: bool) -> int:
    """Show what a run did, with the ``wanted`` items (the first so many, or by id); returns the exit status."""
    told: dict[str, list[str]] = {}
    for one in summary.posteriors:
        for note in one.calibration.notes:
            told.setdefault(note, []).append(one.name)
    notes = [f"{', '.join(names)}: {note}" for note, names in told.items()]
    warnings = [*summary.notes, *_letter_mass_warnings(summary.answer_mass)]
    if as_json:
        say_json(_run_facts(summary, notes, warnings, prices))
        return status(summary.failures)
    _print_items(summary, wanted)
    for posterior in summary.posteriors:
        say(f"The {posterior.name} combines the labels with: {', '.join(posterior.evidence) or 'no MJD'}.")
        for line in posterior.calibration.in_words():
            say(f"  {line}")
    for advice in summary.advice:
        show_advice(advice)
    say()
    if summary.evaluation is not None:
        _show_table(summary.evaluation)
        say()
    say(
        f"{counted(summary.items, 'item')}; {summary.calls_made:,} model calls made, {summary.calls_reused:,} reused. "
        f"Written to {summary.out}: {', '.join(_written(summary))}"
    )
    if summary.store:
        say(spending_line(summary.store, prices))
    for note in notes:
        tell("note", note)
    for warning in warnings:
        tell("warning", warning)
    tell_failures(summary.failures, summary.out / "failures.jsonl")
    return status(summary.failures)


def _run_facts(summary: RunSummary, notes: Sequence[str], warnings: Sequence[str], prices: Prices) -> dict[str, Any]:
    """What a run did, machine-readable."""
    return {
        "out": summary.out,
        "items": summary.items,
        "failures": summary.failures,
        "calls_made": summary.calls_made,
        "calls_reused": summary.calls_reused,
        "store": summary.store,
        "spending": spending(summary.store, prices),
        "mjds": summary.mjds,
        "posteriors": [
            {
                "name": one.name,
                "annotators": one.annotators,
                "evidence": one.evidence,
                "file": one.file,
                "calibration": one.calibration.as_dict(one.labels),
            }
            for one in summary.posteriors
        ],
        "answer_mass": summary.answer_mass,
        "advice": [advice_facts(one) for one in summary.advice],
        "notes": notes,
        "warnings": warnings,
        "evaluation": None if summary.evaluation is None else summary.evaluation.as_dict(),
        "files": summary.files,
    }


def counted(number: int, what: str) -> str:
    """A number with its noun.

    >>> counted(1, "item"), counted(1000, "item")
    ('1 item', '1,000 items')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _written(summary: RunSummary) -> list[str]:
    return [*(file.name for file in summary.files), "run.sqlite"]


def _print_items(summary: RunSummary, wanted: int | Sequence[str]) -> None:
    from labeldist.core.registry import did_you_mean
    from labeldist.reports.items import chosen_items, lines_of_items

    items, unknown = chosen_items(summary.dataset.items(), wanted, summary.dataset.task.label_names)
    if unknown:
        ids = [item.id for item in summary.dataset.items()]
        told = did_you_mean("item", unknown[0], ids).hint.partition("Known:")[0]
        tell("note", f"--show names no item: {', '.join(unknown)}. {told}".rstrip())
    files = summary.mjds | {one.name: one.file for one in summary.posteriors}
    for line in lines_of_items(items, files, summary.dataset.task):
        say(line)


def show_stage(summary: StageSummary, prices: Prices | None = None, *, as_json: bool) -> int:
    """Show what a single stage did; returns the exit status."""
    warnings = [*summary.notes, *_letter_mass_warnings(summary.answer_mass)]
    prices = prices or Prices()
    if as_json:
        say_json({**asdict(summary), "spending": spending(summary.store, prices), "warnings": warnings})
        return status(summary.failures)
    say(
        f"{counted(summary.rows, 'row')}; {summary.calls_made:,} model calls made, {summary.calls_reused:,} reused. "
        f"Written: {', '.join(map(str, summary.files))}"
    )
    if summary.reference_annotators is not None:
        say(f"Reference: {summary.reference_annotators}.")
    if summary.store:
        say(spending_line(summary.store, prices))
    for warning in warnings:
        tell("warning", warning)
    tell_failures(summary.failures, summary.files[-1])
    return status(summary.failures)


def show_waiting(waiting: QuestionsWaitError, *, as_json: bool) -> int:
    """Show which questions wait to be answered, and what to do; returns the exit status."""
    if as_json:
        say_json({"files": waiting.files, "questions": waiting.questions, "next": waiting.hint})
    else:
        say(f"{waiting.message}.")
        say(f"  next: {waiting.hint}")
    return waiting.exit_status


def show_estimate(summary: EstimateSummary, *, as_json: bool) -> int:
    """Show what an estimation did; returns the exit status."""
    if as_json:
        say_json({**asdict(summary), "calibration": summary.calibration.as_dict(summary.labels)})
        return status(summary.failures)
    say(f"{counted(summary.items, 'item')}; evidence: {', '.join(summary.evidence) or '(none)'}")
    for line in summary.calibration.in_words():
        say(line)
    whose = "" if summary.point == "mean" else " of the posterior means, not of these points,"
    say(
        f"Expected distance{whose} from the true distributions: KL {summary.expected_kl:.3f}, "
        f"TVD {summary.expected_tvd:.3f}. "
        f"Written: {', '.join(map(str, summary.files))}"
    )
    if summary.reference_annotators is not None:
        say(f"Reference, whose labels are not counted: {summary.reference_annotators}.")
    for note in (*summary.notes, *summary.calibration.notes):
        tell("note", note)
    tell_failures(summary.failures, summary.files[-1])
    return status(summary.failures)


def show_evaluation(
    evaluation: Evaluation,
    failures: Sequence[dict[str, Any]],
    file: Path | None = None,
    *,
    intervals: bool | None,
    as_json: bool,
    notes: Sequence[str] = (),
) -> int:
    """Show an evaluation, and the rows that were skipped (all are in ``file``, if any); returns the exit status."""
    if as_json:
        say_json({"evaluation": evaluation.as_dict(), "failures": failures, "notes": notes})
        return status(failures)
    _show_table(evaluation, intervals)
    for note in notes:
        tell("note", note)
    tell_failures(failures, file)
    return status(failures)


def _show_table(evaluation: Evaluation, intervals: bool | None = None) -> None:
    from labeldist.reports.tables import evaluation_parts, fits_intervals

    screen = console()
    with_intervals = fits_intervals(screen) if intervals is None else intervals
    for part in evaluation_parts(evaluation, screen, intervals=with_intervals):
        say_table(part, screen)


def write_evaluation(evaluation: Evaluation, out: Path) -> None:
    """Write an evaluation: a Markdown table where the name ends in .md, else JSON."""
    from labeldist.datasets.files import write_json, write_text
    from labeldist.reports.tables import markdown_table

    if out.suffix == ".md":
        write_text(out, markdown_table(evaluation, intervals=True))
    else:
        write_json(out, evaluation.as_dict())


def print_datasets(rows: Sequence[dict[str, Any]]) -> None:
    """The named data sets, a few lines each: rows, labels per item, reference, licence, citation, whether here."""
    for row in rows:
        here = "on this machine" if row["available"] else "to fetch" if row["fetchable"] else "by hand, see the note"
        say(f"{row['name']}  ({here})", bold=True)
        for name in ("title", "rows", "labels", "reference", "licence", "citation"):
            _print_fact(name, _rows_of(row) if name == "rows" else row[name])
        if row["plugin"]:
            _print_fact("plugin", row["plugin"])
        say()
    say("A split is named NAME:SPLIT. Home, files and notes: labeldist datasets show NAME")


def print_dataset(row: dict[str, Any]) -> None:
    """All that is known of one data set."""
    for name, value in row.items():
        if value not in ("", None):
            _print_fact(name, _rows_of(row) if name == "splits" else str(value))


def _rows_of(row: dict[str, Any]) -> str:
    return ", ".join(
        f"{facts['rows']:,}"
        + (f" ({split}{', the default' if split == row['default_split'] else ''})" if len(row["splits"]) > 1 else "")
        for split, facts in row["splits"].items()
    )


def _print_fact(name: str, value: str) -> None:
    lines = textwrap.wrap(value, 80 - FACT_WIDTH, break_on_hyphens=False, break_long_words=False)
    say(f"  {name:<{FACT_WIDTH - 2}}{lines[0]}")
    for line in lines[1:]:
        say(" " * FACT_WIDTH + line)


def tell_failures(failures: Sequence[dict[str, Any]], file: Path | None = None) -> None:
    """The first failures, how many there are, and the ``file`` that has all; all of them where there is none."""
    for failure in failures[: SHOWN_FAILURES if file else None]:
        what = "" if failure["id"] is None else f"item {failure['id']!r}, "
        tell("failed", f"{what}{failure['stage']}: {failure['reason']}")
    if failures:
        tell_line(f"labeldist: {len(failures):,} failed" + (f"; all are in {file}" if file else ""))


def status(failures: Sequence[object]) -> int:
    """The exit status: partly failed if anything did."""
    return PARTLY_FAILED if failures else DONE


def _letter_mass_warnings(answer_mass: dict[str, float | None]) -> list[str]:
    return [
        f"in the MJDs {name!r} all answers together had a probability of only {mass:.3f}: the model would "
        "rather say something else. Try other --answers, or another model"
        for name, mass in answer_mass.items()
        if mass is not None and mass < SMALL_LETTER_MASS
    ]
