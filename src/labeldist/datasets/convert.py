"""Items, and what was estimated of them, as a file of any format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place, UsageError
from labeldist.core.item import Evidence, Item
from labeldist.core.registry import did_you_mean
from labeldist.core.task import Task
from labeldist.datasets.files import writable_suffix
from labeldist.datasets.format import FORMATS
from labeldist.datasets.predictions import Prediction
from labeldist.datasets.read_report import ReadReport
from labeldist.datasets.source import Dataset
from labeldist.datasets.written_shapes import WRITTEN, write_shape

SOFT = "soft_label"


@dataclass(frozen=True, slots=True)
class Converted:
    """How many items were written, what the format could not hold, and the rows that were skipped."""

    items: int
    lost: tuple[str, ...]
    failures: tuple[dict[str, Any], ...]


def written_formats() -> tuple[str, ...]:
    """The names of all formats that can be written."""
    return (*WRITTEN, *(name for name, one in FORMATS.parts().items() if one.write is not None))


def check_target(to: str, out: Path) -> None:
    """Raise :class:`UsageError` for a format that is not written, or a file name that is not of it."""
    if to not in written_formats():
        raise did_you_mean("format that is written", to, written_formats())
    if to in WRITTEN:
        writable_suffix(out)
        return
    suffixes = FORMATS.get(to).suffixes
    folder = "" in suffixes or not suffixes
    if not out.name.lower().endswith(tuple(one for one in suffixes if one)) and not (folder and not out.suffix):
        raise UsageError(f"{out} as a file of the format {to}", hint=f"end its name in one of: {', '.join(suffixes)}")


def convert(
    dataset: Dataset, to: str, out: Path, predictions: Mapping[str, Iterable[Prediction]] | None = None
) -> Converted:
    """Write the items of ``dataset`` to ``out`` in the format ``to``.

    ``predictions``: distributions by name, such as posteriors; each item that they know has them as evidence, with
    whatever else they say in a column of that name, and the only one of them as its ``soft_label``.

    Raises :class:`UsageError` as :func:`check_target` does, and :class:`InputError` for bad rows and for a prediction
    of no item.
    """
    check_target(to, out)
    said = {name: {one.id: one for one in found} for name, found in (predictions or {}).items()}
    report = ReadReport()
    counted = _Counted(_with(dataset.items(report), said, soft=to in SOFT_LABELS))
    write: Callable[[Path, Iterable[Item], Task], Sequence[str]] | None
    write = (lambda path, items, task: write_shape(to, path, items, task)) if to in WRITTEN else FORMATS.get(to).write
    assert write is not None  # check_target
    lost = write(out, counted, dataset.task)
    unknown = [id_ for found in said.values() for id_ in found if id_ not in counted.ids] if said else []
    if unknown:
        raise InputError(
            f"{len(unknown):,} predictions of no item, such as {unknown[0]!r}",
            expected="the ids of the items",
            place=Place(dataset.path),
            hint=f"was {', '.join(said)} made from another source?",
        )
    return Converted(counted.number, tuple(lost), report.rows())


# Formats with a place for a soft label; elsewhere evidence says the same.
SOFT_LABELS = ("hugging-face", "long", "wide", "counts", "items")


class _Counted:
    """Items that are counted as they pass."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self.ids: set[str] = set()

    def __iter__(self) -> Iterator[Item]:
        for item in self._items:
            self.ids.add(item.id)
            yield item

    @property
    def number(self) -> int:
        return len(self.ids)


def _with(items: Iterator[Item], said: Mapping[str, Mapping[str, Prediction]], *, soft: bool) -> Iterator[Item]:
    for item in items:
        evidence, extra = dict(item.evidence), dict(item.extra)
        for name, known in said.items():
            if (one := known.get(item.id)) is None:
                continue
            distribution = one.distribution.as_dict()
            evidence[name] = Evidence(distribution, saw_labels=one.extra.get("saw_labels"))
            more = {key: value for key, value in one.extra.items() if key != "saw_labels"}
            extra |= {name: more} if more else {}
            extra |= {SOFT: distribution} if soft and len(said) == 1 else {}
        yield replace(item, evidence=evidence, extra=extra)
