"""The named data sets: what is known of each, where its files lie, and the registry that they add themselves to.

A data set is one decorated function in a module of ``datasets/named``: it turns the published file into rows of
the Items contract, and everything else (checks, splits, fetching, the table) follows from its facts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, UsageError
from labeldist.core.registry import Registry, did_you_mean
from labeldist.datasets.jsonl import Rows, json_rows
from labeldist.datasets.repeated import Repeated


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside an archive: its name there, its path in the data folder, its SHA-256 where known."""

    name: str
    path: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Download:
    """A file at a set's public home. ``path``: its place in the data folder; an archive has ``members`` instead.

    Everything that is kept must be covered by a checksum, the file's own or each member's.
    """

    url: str
    sha256: str = ""
    path: str = ""
    members: tuple[Member, ...] = ()

    def __post_init__(self) -> None:
        if not (self.sha256 or (self.members and all(member.sha256 for member in self.members))):
            raise UsageError(f"no checksum for {self.url}", hint="give sha256, of the file or of each member")
        if bool(self.path) == bool(self.members):
            raise UsageError(f"nowhere, or twice somewhere, to put {self.url}", hint="give path or members")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a data set.

    ``splits``: for each split the files that can hold it, the best first, with the number of rows of each.
    ``labels`` and ``reference`` say in words what an item has. ``note``: what else to know, above all what
    :func:`labeldist.datasets.fetch.fetch` cannot bring and how to put it there by hand. ``repeated_labels``: which
    labels count of annotators who labelled an item more than once, where there are any, and the note says why.
    ``reference_note``: what every table of figures on the set must say of its references.
    """

    name: str
    title: str
    splits: Mapping[str, Mapping[str, int]]
    default_split: str
    labels: str
    reference: str
    licence: str
    citation: str
    home: str
    task: str
    downloads: tuple[Download, ...] = ()
    note: str = ""
    reference_note: str | None = None
    repeated_labels: Repeated | None = None

    def split(self, name: str | None) -> str:
        """``name`` if it is one of the splits (the default for None); otherwise :class:`UsageError`."""
        if name is None:
            return self.default_split
        if name not in self.splits:
            raise did_you_mean(f"split of {self.name}", name, self.splits)
        return name


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders in which data sets may lie, in the order in which they are searched."""

    roots: tuple[Path, ...]

    def find(self, *names: str) -> Path | None:
        """The first of ``names`` (paths in the data folder, or whole ones) that exists; None if none does."""
        found = (
            path
            for name in names
            for path in ([Path(name)] if Path(name).is_absolute() else [root / name for root in self.roots])
        )
        return next((path for path in found if _exists(path)), None)


def _exists(path: Path) -> bool:
    """Whether there is a file that this user may look for."""
    try:
        return path.exists()
    except OSError:
        return False


ReadRows = Callable[[Path, str, Folders], Rows]


@dataclass(frozen=True, slots=True)
class NamedDataset:
    """A registered data set: its facts, and the function (path, split, folders) -> rows that reads a file of it."""

    facts: Facts
    read: ReadRows


DATASETS: Registry[NamedDataset] = Registry(
    "data set", "labeldist.datasets.named", group="labeldist.datasets", part_type=NamedDataset
)


def dataset(facts: Facts) -> Callable[[ReadRows], ReadRows]:
    """Decorator that registers a function as the reader of the data set with these facts."""

    def register(read: ReadRows) -> ReadRows:
        DATASETS.add(facts.name)(NamedDataset(facts, read))
        return read

    return register


def converted(rows: Rows, convert: Callable[[Mapping[str, Any], int], dict[str, Any]]) -> Rows:
    """``rows`` of a published file, each turned by ``convert(row, line)`` into a row of the Items contract.

    A row that has not the published layout becomes its error.
    """
    for place, row in rows:
        if isinstance(row, InputError):
            yield place, row
            continue
        try:
            yield place, convert(row, place.line or 0)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            found = f"{type(error).__name__} ({error})"
            yield place, InputError(found, expected="a row as the data set was published", place=place)


def companion(path: Path, convert: Callable[[Mapping[str, Any], int], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file that belongs to a data set without holding its items; any bad row is raised."""
    for _, row in converted(json_rows(path), convert):
        if isinstance(row, InputError):
            raise row
        yield row


def cache_folder(cache: Path | None = None) -> Path:
    """Where fetched data sets are kept: ``cache``, else ``LABELDIST_CACHE``, else the platform's cache folder.

    Raises :class:`UsageError` where the user has no home to keep them in.
    """
    if cache is not None:
        return cache
    if os.environ.get("LABELDIST_CACHE"):
        return Path(os.environ["LABELDIST_CACHE"])
    try:
        if sys.platform == "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "labeldist" / "cache"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "labeldist"
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "labeldist"
    except RuntimeError as error:
        raise UsageError(
            "there is no home folder to keep data sets in", hint="name a folder in LABELDIST_CACHE"
        ) from error


def data_folders(cache: Path | None = None) -> Folders:
    """The folder named by ``LABELDIST_DATA``, if any, and the cache, if any. A named folder must exist."""
    named = os.environ.get("LABELDIST_DATA")
    if named and not Path(named).is_dir():
        raise UsageError(f"LABELDIST_DATA is {named!r}, which is no folder", hint="name the folder of data sets")
    roots = [Path(named)] if named else []
    with suppress(UsageError):  # without a home there is no cache, and what needs none can be read all the same
        roots.append(cache_folder(cache))
    return Folders(tuple(roots))


def locate(facts: Facts, split: str, folders: Folders) -> Path:
    """The file of a split; :class:`UsageError` that says how to get it where it is not on this machine."""
    path = folders.find(*facts.splits[split])
    if path is None:
        files = " or ".join(facts.splits[split])
        fetching = f"run `labeldist datasets fetch {facts.name}`, or " if facts.downloads else ""
        raise UsageError(
            f"data set {facts.name!r} (split {split!r}) is not on this machine",
            hint=f"{fetching}set LABELDIST_DATA to the folder that has {files}. {facts.note}".strip(),
        )
    return path


def listing(cache: Path | None = None) -> list[dict[str, Any]]:
    """All named data sets for a table, with the rows and the place of each split (None: not on this machine)."""
    folders = data_folders(cache)
    return [_listed(one.facts, folders) | _plugin(name) for name, one in sorted(DATASETS.parts().items())]


def listed(name: str, cache: Path | None = None) -> dict[str, Any]:
    """The row of one data set in that table; :class:`UsageError` for an unknown name."""
    return _listed(DATASETS.get(name).facts, data_folders(cache)) | _plugin(name)


def _plugin(name: str) -> dict[str, Any]:
    return {"plugin": DATASETS.added_by(name)}


def _listed(facts: Facts, folders: Folders) -> dict[str, Any]:
    splits = {}
    for name, files in facts.splits.items():
        path = folders.find(*files)
        # The rows of the file at hand; of the published file, which stands last, where there is none.
        rows = next((rows for file, rows in files.items() if path == folders.find(file)), 0) if path else 0
        splits[name] = {"rows": rows or [*files.values()][-1], "path": None if path is None else str(path)}
    return {
        "name": facts.name,
        "title": facts.title,
        "task": facts.task,
        "splits": splits,
        "default_split": facts.default_split,
        "available": any(split["path"] for split in splits.values()),
        "fetchable": bool(facts.downloads),
        "labels": facts.labels,
        "reference": facts.reference,
        "licence": facts.licence,
        "citation": facts.citation,
        "home": facts.home,
        "note": facts.note,
    }


def annotated(group: str, labels: Iterable[str]) -> list[dict[str, str]]:
    """Labels of one group of annotators, named by their number: ``group/1``, ``group/2``, ...

    >>> annotated("mnli", ["e", "n"])
    [{'annotator': 'mnli/1', 'label': 'e'}, {'annotator': 'mnli/2', 'label': 'n'}]
    """
    return [{"annotator": f"{group}/{number}", "label": label} for number, label in enumerate(labels, 1)]
