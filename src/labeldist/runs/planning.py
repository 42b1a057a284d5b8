"""A plan from a source and files of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from labeldist.core.errors import UsageError
from labeldist.core.spelling import nfc
from labeldist.datasets.files import write_json
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.source import Dataset
from labeldist.datasets.whole import is_special
from labeldist.estimation.pilot import Plan, plan
from labeldist.estimation.plan import MOST_LABELS
from labeldist.estimation.prices import Prices, Way, cheapest
from labeldist.runs.beside import check_out, failures_of, write_failures
from labeldist.runs.posterior import evidence_of
from labeldist.runs.stage_report import Progress


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """A plan, what was asked of it, what failed, and the files; ``cheapest`` is one of the plan's ways."""

    plan: Plan
    target: float | None
    metric: str
    prices: Prices
    cheapest: Way | None
    failures: tuple[dict[str, Any], ...]
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        whole = asdict(self)
        del whole["plan"]
        return {**plan_row(self.plan), **whole}


def plan_row(plan: Plan) -> dict[str, Any]:
    """A plan for JSON."""
    found = asdict(plan)
    del found["kind"]  # of data frames
    if plan.judges is None:
        del found["judges"], found["costs"]
    found["replay"] |= {
        "rows": [row | {"wins": one.wins} for row, one in zip(found["replay"]["rows"], plan.replay.rows, strict=True)],
        "verdict": plan.replay.verdict(),
    }
    return found


def plan_source(
    dataset: Dataset,
    out: Path | None = None,
    *,
    evidence: Sequence[str] = (),
    annotators: str | None = None,
    most_labels: int = MOST_LABELS,
    target: float | None = None,
    metric: str = "kl",
    prices: Prices | None = None,
    references: bool = True,
    seed: int = 0,
    saw_labels: bool | None = None,
    progress: Progress | None = None,
) -> PlanSummary:
    """Plan from ``dataset``, and write the plan to ``out`` if one is given.

    ``evidence`` and ``saw_labels`` are as for :func:`~labeldist.runs.posterior.estimate_to_file`. Raises as
    :func:`~labeldist.estimation.pilot.plan` does.
    """
    if out is not None:
        check_out(out, *dataset.inputs)
    report, bad = ReadReport(), ReadReport()
    given, use = evidence_of(dataset, evidence, bad.failures, out=out, saw_labels=saw_labels)
    if out is not None and out.suffix != ".json" and not is_special(out):
        raise UsageError(f"--out {out}: a plan is written as JSON", hint="end its name in .json")
    found = plan(
        dataset.labelled_items("a pilot has some, and the plan is learned from them", report),
        given,
        task=dataset.task,
        annotators=None if annotators is None else nfc(annotators),
        use=use,
        most_labels=most_labels,
        target=target,
        metric=metric,
        prices=prices,
        references=references,
        unknown_ids="stop" if dataset.on_error == "stop" and dataset.limit is None else "skip",
        seed=seed,
        progress=progress,
    )
    failures = (*report.rows(), *bad.rows())
    summary = PlanSummary(
        found,
        target,
        metric,
        prices or Prices(),
        cheapest(found.ways),
        failures,
        notes=tuple(filter(None, [dataset.told])),
    )
    if out is None:
        return summary
    row = summary.as_dict()
    del row["files"]
    write_json(out, row)
    return replace(summary, files=(out, *write_failures(failures, failures_of(out))))
