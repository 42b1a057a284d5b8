"""The file of a calibration: written with where it comes from, read strictly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import labeldist
from labeldist.core.errors import InputError, Place, UsageError
from labeldist.datasets.files import write_json
from labeldist.datasets.jsonl import decoded, opened, parse_json
from labeldist.datasets.source import Dataset
from labeldist.datasets.whole import is_special
from labeldist.estimation.estimate import Estimate
from labeldist.estimation.learnt import Learnt
from labeldist.estimation.provenance import Provenance
from labeldist.estimation.stored_calibration import as_row, from_row
from labeldist.estimation.stored_fields import Part

LARGEST = 50_000_000  # bytes; a calibration has a few thousand
SUFFIX = ".json"


def _check_out(path: Path, others: Iterable[Path]) -> None:
    """Refuse a name for a calibration that does not say what it is, or is that of another file."""
    if path.suffix != SUFFIX and not is_special(path):
        raise UsageError(f"--calibration-out {path}: a calibration is written as JSON", hint="end its name in .json")
    for other in others:
        if path.resolve() == other.resolve():
            raise UsageError(f"--calibration-out {path} is {other}", hint="give it a name of its own")


def write_calibration(path: str | Path | None, found: Estimate, dataset: Dataset) -> None:
    """Write what the estimate ``found`` of ``dataset`` learnt, where there is a file for it."""
    learnt = found.learnt
    if path is None or learnt is None:
        return
    provenance = Provenance(
        source=dataset.name,
        task=dataset.task.name,
        items=len(found.ids),
        labelled=int((found.counts.sum(axis=1) > 0).sum()),
        references=found.calibration.references,
        date=datetime.now(UTC).date().isoformat(),
        version=labeldist.__version__,
    )
    write_json(Path(path), as_row(replace(learnt, provenance=provenance)))


def read_calibration(path: Path) -> Learnt:
    """The calibration in a file; raises :class:`InputError` with the place of what is not as it should be."""
    place = Place(path)
    with opened(path) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise InputError(f"more than {LARGEST:,} bytes", expected="a calibration", place=place)
    if not content.strip():
        raise InputError("an empty file", expected="a calibration", place=place)
    return from_row(Part(parse_json(decoded(content, place), place), path))


def asked_calibration(
    path: str | Path | None,
    out: str | Path | None,
    calibrate: str,
    population: str,
    others: Iterable[Path] = (),
) -> Learnt | None:
    """The calibration in the file ``path``, if any; ``out``: where what is learnt is to go, none of ``others``.

    Raises :class:`UsageError` for a name of ``out`` that is none, and for what does not go together.
    """
    if out is not None:
        if path is not None:
            raise UsageError("a calibration to apply and one to write", hint="nothing is learnt where one is applied")
        _check_out(Path(out), others)
        if calibrate == "off":
            raise UsageError("--calibration-out with --calibrate off", hint="use --calibrate labels or reference")
    if path is None:
        return None
    learnt = read_calibration(Path(path))
    _check_asked(learnt, calibrate, population)
    return learnt


def _check_asked(learnt: Learnt, calibrate: str, population: str) -> None:
    """Refuse to ask for another way to calibrate than that of a calibration at hand."""
    for name, asked, usual, has in (
        ("calibrate", calibrate, "labels", learnt.calibrate),
        ("population", population, "same", learnt.population),
    ):
        if asked not in (usual, has):
            raise UsageError(
                f"--{name} {asked} with a calibration that was learnt with --{name} {has}",
                hint=f"leave --{name} out, or learn a calibration with it",
            )
