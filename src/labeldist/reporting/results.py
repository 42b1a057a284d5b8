"""What a report is made of: which kind each of the results is that it was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, LabeldistError, Place, UsageError
from labeldist.core.visible import visible
from labeldist.datasets.columns import gathered
from labeldist.datasets.evidence_rows import SAID
from labeldist.datasets.files import SUFFIXES, is_there, read_rows
from labeldist.datasets.jsonl import Rows, decoded, opened, parse_json
from labeldist.datasets.layout import DISTRIBUTIONS
from labeldist.estimation.stored_fields import Part
from labeldist.experiments.render import RESULTS
from labeldist.reporting.stored import checked_evaluation, checked_plan
from labeldist.reports.view import Kind
from labeldist.runs.about import About, AboutPosterior, about_of, read_about
from labeldist.runs.folder import ABOUT, EVALUATION, EXPLANATIONS, STORE_NAME

LARGEST = 200_000_000  # bytes of a JSON file
RESERVED = ("labels", "reference")
OF_POSTERIORS = ("interval", "prior_used", "calibrate")  # columns that only posteriors have
NOT_A_RESULT = (
    "a folder of labeldist run or experiment, a file of distributions, a plan or an evaluation in JSON, or labels"
)


@dataclass(frozen=True, slots=True)
class Said:
    """One distribution per item: ``rows`` by the contract, read anew each time; ``about``: of a posterior."""

    name: str
    kind: Kind
    rows: Callable[[], Rows] = field(repr=False)
    about: AboutPosterior | None = None


@dataclass(slots=True)
class Results:
    """What was given, by kind; ``sources``: what is none of labeldist's results, so that it must be labels.

    ``store``: the finished calls of a run; ``explained``: its items with all explanations. ``files``: all that is read.
    """

    said: list[Said] = field(default_factory=list)
    abouts: list[About] = field(default_factory=list)
    evaluation: Mapping[str, Any] | None = None
    plan: Mapping[str, Any] | None = None
    experiments: list[Path] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    store: Path | None = None
    explained: Path | None = None
    files: list[Path] = field(default_factory=list)

    def add(self, said: Said) -> None:
        """Take in distributions; :class:`UsageError` where others have that name, or one that looks the same."""
        name = visible(said.name)
        if not name.strip():
            raise UsageError("a result without a name", hint="name it: NAME=FILE")
        if name in RESERVED:
            raise UsageError(f"a result named {name!r}, as what comes with the items", hint="name it: NAME=FILE")
        if any(visible(one.name) == name for one in self.said):
            raise UsageError(f"two results are named {name!r}", hint="name them: NAME=FILE")
        self.said.append(said)

    def add_evaluation(self, evaluation: Mapping[str, Any]) -> None:
        """Take in an evaluation; :class:`UsageError` where there is another."""
        if self.evaluation is not None:
            raise UsageError("two evaluations", hint="a run brings its own; give one of the two")
        self.evaluation = evaluation


def read_results(specs: Sequence[str], *, with_source: bool) -> Results:
    """The results that ``specs`` name (``PATH`` or ``NAME=FILE``); ``with_source``: labels come from elsewhere.

    Raises :class:`InputError` for a file that is no result, :class:`UsageError` for two of one name.
    """
    found = Results()
    for spec in specs:
        path = Path(spec)
        if is_there(path) and path.is_dir():
            _folder(path, found)
        elif path.name == ABOUT and is_there(path):
            _folder(path.parent, found)
        elif path.name.endswith(f".{ABOUT}") and is_there(path):
            raise InputError("a file about a result", expected="the result itself", place=Place(path))
        elif path.suffix == ".json" and is_there(path) and _json(path, found):
            pass
        else:
            _distributions_or_labels(spec, found, with_source=with_source)
    return found


def _folder(folder: Path, found: Results) -> None:
    about = read_about(folder / ABOUT)
    experiments = [one.parent for one in sorted((*folder.glob(RESULTS), *folder.glob(f"*/{RESULTS}")))]
    if about is None and experiments:
        found.experiments += experiments
        found.files += [one / RESULTS for one in experiments]
        return
    if about is None:
        run = (folder / STORE_NAME).exists()
        raise InputError(
            f"a folder without {ABOUT} or {RESULTS}",
            expected=NOT_A_RESULT,
            place=Place(folder),
            hint="run the command again: finished calls are reused" if run else "",
        )
    found.abouts.append(about)
    found.files.append(folder / ABOUT)
    for name, file in about.get("judged", {}).items():
        _add_file(f"MJD {name}", "model", folder / file, found)
    for one in about["posteriors"]:
        _add_file(one["name"], "posterior", folder / one["file"], found, one)
    found.store = folder / STORE_NAME if (folder / STORE_NAME).exists() else None
    found.explained = folder / EXPLANATIONS if (folder / EXPLANATIONS).exists() else None
    if (folder / EVALUATION).exists() and not _json(folder / EVALUATION, found):
        raise InputError("something else", expected="the evaluation of the run", place=Place(folder / EVALUATION))


def _add_file(name: str, kind: Kind, file: Path, found: Results, about: AboutPosterior | None = None) -> None:
    found.add(Said(name, kind, partial(read_rows, file, DISTRIBUTIONS), about))
    found.files.append(file)


def _json(path: Path, found: Results) -> bool:
    """Take in a plan or an evaluation; False where the file is neither, and so may be labels."""
    place = Place(path)
    with opened(path) as stream:
        content = stream.read(LARGEST + 1)
    try:
        value = parse_json(decoded(content, place), place) if len(content) <= LARGEST else None
    except InputError:
        return False  # lines of JSON, or what the reader of labels can say more of
    if not isinstance(value, dict):
        return False
    if {"predicted", "replay"} <= value.keys():
        found.plan = checked_plan(Part(value, path))
    elif {"metrics", "rows", "resamples"} <= value.keys():
        found.add_evaluation(checked_evaluation(Part(value, path)))
    else:
        return False
    found.files.append(path)
    return True


def _distributions_or_labels(spec: str, found: Results, *, with_source: bool) -> None:
    name, file = _named(spec)
    if not file.name.lower().endswith(SUFFIXES) or not is_there(file):
        if with_source:
            raise InputError("no such result", expected=NOT_A_RESULT, place=Place(file))
        found.sources.append(spec)
        return
    first = _first_row(file)
    named = not is_there(Path(spec))
    if not (with_source or named or any(first.get(part) is not None for part in SAID)):
        found.sources.append(spec)
        return
    about = read_about(about_of(file)) or read_about(file.with_name(ABOUT))
    known = None if about is None else next((one for one in about["posteriors"] if one["file"] == file.name), None)
    if about is not None and known is not None:
        found.abouts.append(about)
    kind: Kind = "posterior" if any(first.get(part) is not None for part in OF_POSTERIORS) else "model"
    _add_file(name, kind, file, found, known)


def _named(spec: str) -> tuple[str, Path]:
    """Name and file of ``NAME=FILE``, or of ``FILE``, which is named by itself."""
    name, equals, file = spec.partition("=")
    path = Path(spec if not equals or is_there(Path(spec)) else file)
    return (name if equals and path != Path(spec) else path.name.removesuffix(".gz").rpartition(".")[0]), path


def _first_row(file: Path) -> Mapping[str, Any]:
    try:
        rows: Iterator[Any] = (row for _, row in islice(read_rows(file, DISTRIBUTIONS), 1))
        row = next(rows, None)
    except LabeldistError:
        return {}
    try:
        return gathered(row, Place(file), SAID) if isinstance(row, Mapping) else {}
    except InputError:  # as labels the reader says more of it
        return {}
