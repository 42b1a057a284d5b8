"""``labeldist.convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Unpack

from labeldist.api.read import Reading, opened
from labeldist.api.said import files_in, named, said_rows
from labeldist.datasets.convert import Converted, check_target
from labeldist.datasets.convert import convert as convert_items
from labeldist.datasets.files import records_from_rows
from labeldist.datasets.predictions import prediction_from_row


def convert(source: Any, *, to: str, out: str | Path, predictions: Any = None, **how: Unpack[Reading]) -> Converted:
    """Write ``source`` as a file of the format ``to``: items, long, wide, counts, or that of an annotation tool.

    ``predictions``: what :func:`labeldist.estimate` gives, or whatever else :func:`labeldist.evaluate` takes; it goes
    with the items as evidence and, alone, as their ``soft_label``. ``source`` and ``how`` are as for
    :func:`labeldist.read`. Raises :class:`~labeldist.core.errors.UsageError` for an unknown format or a file name that
    is not of it.

    >>> from tempfile import mkdtemp
    >>> from labeldist.core.item import Annotation, Item
    >>> items = [Item("1", {}, (Annotation("ok", "ann"), Annotation("toxic", "bob")))]
    >>> convert(items, to="long", out=Path(mkdtemp()) / "annotations.csv").items
    1
    """
    check_target(to, Path(out))
    given = [] if predictions is None else [*named(predictions, "prediction")]
    dataset = opened(source, how, evidence=files_in(given))
    found = {
        name: records_from_rows(said_rows(name, value, dataset), dataset.task, prediction_from_row)
        for name, value in given
    }
    return convert_items(dataset, to, Path(out), found)
