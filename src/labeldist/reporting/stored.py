"""Evaluations, plans and results of experiments in JSON files, checked where a report reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labeldist.estimation.stored_fields import Part

INTERVAL = ("value", "low", "high")
MOST = 2**53  # what scripts can count to
ERRORS = ("kl", "kl_low", "kl_high", "tvd", "tvd_low", "tvd_high")


def checked_evaluation(whole: Part) -> Mapping[str, Any]:
    """What ``labeldist evaluate --out`` wrote. Raises :class:`InputError` for a part that it cannot have written."""
    whole.of("task").text()
    for name in ("items", "resamples", "seed"):
        _count(whole.of(name))
    if (votes := whole.maybe("votes")) is not None:
        votes.number()
    if "reference" in whole.value and (note := whole.maybe("reference")) is not None:
        note.text()
    for why in _values(whole.of("left_out")):
        why.text()
    columns = [_column(one) for one in whole.of("metrics").each()]
    if not columns:
        whole.of("metrics").refuse("a metric at least")
    rows = [*whole.of("rows").each()]
    for row in rows or [whole.of("rows")]:
        _check_row(row, columns)
    return _mapping(whole)


def checked_plan(whole: Part) -> Mapping[str, Any]:
    """What ``labeldist plan --out`` wrote. Raises as :func:`checked_evaluation`."""
    whole.of("labels").number()
    for point in whole.of("predicted").each():
        _check_point(point, ("labels", *ERRORS))
        _count(point.of("labels"))
    for point in whole.of("measured").each():
        _check_point(point, ("labels", "kl", "expected_kl"))
        _count(point.of("references"))
    whole.of("replay").of("verdict").text()
    for note in whole.of("notes").each():
        note.text()
    return _mapping(whole)


def check_cell(row: Part) -> None:
    """A cell of an experiment's results, as a report shows it."""
    row.of("name").text()
    row.of("section").text()
    for interval in _values(row.of("values")):
        _check_ends(interval)


def check_difference(row: Part) -> None:
    """A difference between two cells, as a report shows it."""
    for name in ("cell", "minus", "column"):
        row.of(name).text()
    _check_ends(row)


def _check_ends(part: Part) -> None:
    for end in INTERVAL:
        if (found := part.maybe(end)) is not None:
            found.number()


def _check_point(point: Part, names: tuple[str, ...]) -> None:
    point.of("evidence").texts()
    for name in names:
        point.of(name).number()


def _count(part: Part) -> None:
    if part.whole() > MOST:
        part.refuse(f"a number of at most {MOST:,}")


def _column(part: Part) -> str:
    part.of("title").text()
    part.of("higher_is_better").flag()
    part.of("misleads").flag()
    return part.of("name").text()


def _check_row(row: Part, columns: list[str]) -> None:
    row.of("name").text()
    row.of("kind").one_of("prediction", "baseline", "ceiling")
    _count(row.of("items"))
    if row.value.get("chance") is not None:
        chance = row.of("chance")
        for name in chance.value if isinstance(chance.value, Mapping) else chance.refuse("an object"):
            chance.of(name).number()
    for name in columns:
        interval = row.of("metrics").of(name)
        _count(interval.of("items"))
        _check_ends(interval)


def _values(part: Part) -> list[Part]:
    return [part.of(key) for key in _mapping(part)]


def _mapping(part: Part) -> Mapping[str, Any]:
    found: Mapping[str, Any] = part.value if isinstance(part.value, Mapping) else part.refuse("an object")
    return found
