"""Estimation from a source and files of evidence to a file of posteriors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeldist.core.errors import UsageError
from labeldist.core.item import Evidence
from labeldist.datasets.evidence import read_evidence
from labeldist.datasets.failures import Failure
from labeldist.datasets.files import write_rows
from labeldist.datasets.source import Dataset
from labeldist.estimation.calibration import Calibration
from labeldist.estimation.estimate import estimate
from labeldist.run.distributions import named_files
from labeldist.run.folder import check_out, failures_of, write_failures

EvidenceById = dict[str, dict[str, Evidence]]


@dataclass(frozen=True, slots=True)
class EstimateSummary:
    """What an estimation did: items written, mean expected errors, the calibration, what failed, the files."""

    items: int
    evidence: tuple[str, ...]
    expected_kl: float
    expected_tvd: float
    calibration: Calibration
    failures: tuple[dict[str, Any], ...]
    files: tuple[Path, ...]


def estimate_to_file(
    dataset: Dataset,
    out: Path,
    *,
    evidence: Sequence[str] = (),
    calibrate: str = "labels",
    annotators: str | None = None,
    mass: float = 0.9,
    seed: int = 0,
) -> EstimateSummary:
    """Write the posterior of each item of ``dataset`` to ``out``.

    ``evidence``: what to use, names of evidence that the items carry, or files (``NAME=FILE`` or ``FILE``) of
    distributions or scores; empty for all that the items carry. Raises as
    :func:`~labeldist.estimation.estimate.estimate` does.
    """
    check_out(out, dataset.path)
    bad: list[Failure] = []
    given, use = evidence_of(dataset, evidence, bad)
    found = estimate(
        dataset.items(),
        given,
        task=dataset.task,
        calibrate=calibrate,
        annotators=annotators,
        use=use,
        mass=mass,
        seed=seed,
    )
    write_rows(out, (found.row(at) for at in range(len(found.ids))))
    failures = tuple(failure.as_row() for failure in (*dataset.failures, *bad))
    return EstimateSummary(
        items=len(found.ids),
        evidence=found.evidence,
        expected_kl=float(found.posterior.expected_kl.mean()),
        expected_tvd=float(found.posterior.expected_tvd.mean()),
        calibration=found.calibration,
        failures=failures,
        files=(out, *write_failures(failures, failures_of(out))),
    )


def evidence_of(
    dataset: Dataset, specs: Sequence[str], failures: list[Failure]
) -> tuple[EvidenceById, list[str] | None]:
    """Evidence from the files that ``specs`` name, and the names of all that is to be used (None: what items carry)."""
    given: EvidenceById = {}
    use: list[str] = []
    for spec in specs:
        if "=" in spec or Path(spec).is_file():
            for name, file in named_files([spec]).items():
                if name in given:
                    raise UsageError(f"two files of evidence are named {name!r}", hint="name them: NAME=FILE")
                rows = read_evidence(file, dataset.task, on_error=dataset.on_error, failures=failures)
                given[name] = {row.id: row.evidence for row in rows}
                use.append(name)
        else:
            use.append(spec)
    return given, use or None
