"""What posteriors rest on, in a file of its own beside them: the source, how it was read, how they were calibrated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NotRequired, Protocol, TypedDict, cast

import labeldist
from labeldist.core.errors import InputError, Place, UsageError
from labeldist.datasets.files import is_there, write_json
from labeldist.datasets.jsonl import decoded, opened, parse_json
from labeldist.datasets.source import Dataset
from labeldist.datasets.whole import Note, is_special
from labeldist.estimation.calibration import Calibration
from labeldist.estimation.stored_fields import Part
from labeldist.runs.checked_about import check_opened_by, check_posterior, file_name, settings_of
from labeldist.runs.folder import ABOUT

FORMAT = "labeldist about 1"
LARGEST = 20_000_000  # bytes


class Made(Protocol):
    """A posterior that was made."""

    @property
    def evidence(self) -> Sequence[str]:
        """What has a part in it."""

    @property
    def labels(self) -> Sequence[str]:
        """All labels."""

    @property
    def calibration(self) -> Calibration:
        """How it was calibrated."""


class AboutPosterior(TypedDict):
    """A posterior ``file``, and how it was calibrated: for machines, and ``in_words``."""

    name: str
    file: str
    annotators: str | None
    evidence: list[str]
    calibration: dict[str, Any]
    in_words: list[str]


class About(TypedDict):
    """``opened_by``: how the source was read, as :func:`labeldist.datasets.source.reopened` takes it. ``settings``:
    what else was asked for. ``judged``: the files of a run's MJDs by condition; ``answer_mass``: of each.
    """

    format: str
    labeldist: str
    opened_by: Mapping[str, Any]
    settings: Mapping[str, Any]
    posteriors: list[AboutPosterior]
    judged: NotRequired[Mapping[str, str]]
    answer_mass: NotRequired[Mapping[str, float | None]]


def about_of(result: Path) -> Path:
    """The file about the result file ``result``.

    >>> str(about_of(Path("a/posterior.jsonl.gz")))
    'a/posterior.about.json'
    """
    return result.with_name(f"{result.name.removesuffix('.gz').rpartition('.')[0] or result.name}.{ABOUT}")


def about_posterior(name: str, file: Path, made: Made, annotators: str | None = None) -> AboutPosterior:
    """The part about one posterior."""
    return {
        "name": name,
        "file": file.name,
        "annotators": annotators,
        "evidence": [*made.evidence],
        "calibration": made.calibration.as_dict(made.labels),
        "in_words": made.calibration.in_words(),
    }


def write_about(
    file: Path,
    dataset: Dataset,
    posteriors: list[AboutPosterior],
    settings: Mapping[str, Any],
    *,
    judged: Mapping[str, Path] | None = None,
    answer_mass: Mapping[str, float | None] | None = None,
    note: Note | None = None,
) -> None:
    """Write what ``posteriors`` of ``dataset`` rest on, and the MJDs that a run ``judged``."""
    row: About = {
        "format": FORMAT,
        "labeldist": labeldist.__version__,
        "opened_by": dataset.opened_by,
        "settings": settings,
        "posteriors": posteriors,
    }
    if judged is not None:
        row["judged"] = {name: one.name for name, one in judged.items()}
    if answer_mass is not None:
        row["answer_mass"] = answer_mass
    write_json(file, row, note=note)


def check_about(result: Path, *inputs: Path) -> None:
    """Refuse to write over a file of another kind beside ``result``, or over what it is made from."""
    file = about_of(result)
    if is_special(result) or not (file.exists() or file.is_symlink()):
        return
    if any(file.resolve() == one.resolve() for one in inputs) or read_about(file, strict=False) is None:
        raise UsageError(
            f"{file} would be replaced, and labeldist did not write it", hint="move it away, or use another --out"
        )


def read_about(file: Path, *, strict: bool = True) -> About | None:
    """What ``file`` says; None where there is no such file, or, unless ``strict``, where it is something else.

    Raises :class:`InputError`, if ``strict``, for a file that is not by :func:`write_about`.
    """
    if not file.exists():
        return None
    place = Place(file)
    try:
        with opened(file) as stream:
            content = stream.read(LARGEST + 1)
        value = parse_json(decoded(content, place), place) if len(content) <= LARGEST else None
    except InputError:
        if strict:
            raise
        value = None
    if isinstance(value, dict) and value.get("format") == FORMAT and isinstance(value.get("posteriors"), list):
        return checked_about(value, file) if strict else cast(About, value)
    if not strict:
        return None
    raise InputError("something else", expected=f"what labeldist wrote about a result ({FORMAT})", place=place)


def checked_about(value: Mapping[str, Any], file: Path) -> About:
    """``value`` with sources that are found from the folder of ``file``; raises :class:`InputError` for a bad part."""
    whole = Part(value, file)
    whole.of("labeldist").text()
    settings_of(whole.of("settings"))
    for one in whole.of("posteriors").each():
        check_posterior(one)
    for judged in _parts(whole, "judged"):
        file_name(judged)
    for mass in _parts(whole, "answer_mass"):
        if mass.value is not None:
            mass.number()
    if whole.of("opened_by").value:
        check_opened_by(whole.of("opened_by"))
    return cast(About, {**value, "opened_by": found_again(value["opened_by"], file.parent)})


def _parts(whole: Part, name: str) -> list[Part]:
    """The parts of an object, by name; none where there is no such object."""
    found = whole.of(name) if name in whole.value else None
    if found is not None and not isinstance(found.value, Mapping):
        found.refuse("an object")
    return [] if found is None else [found.of(key) for key in found.value]


def found_again(opened_by: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
    """``opened_by`` with files that are not where a path leads from here, but where it leads from ``folder`` or the
    folder above it: results are looked at from elsewhere, too.
    """
    if not opened_by:
        return opened_by
    return {
        **opened_by,
        "source": _found(opened_by["source"], folder),
        "evidence": [_found(one, folder) for one in opened_by["evidence"]],
    }


def _found(name: str, folder: Path) -> str:
    if is_there(Path(name)):
        return name
    return next((str(one / name) for one in (folder, folder.parent) if is_there(one / name)), name)
