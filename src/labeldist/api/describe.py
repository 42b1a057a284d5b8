"""``labeldist.describe``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from labeldist.api.read import Reading, opened
from labeldist.evaluation.bootstrap import RESAMPLES
from labeldist.evaluation.description import Description
from labeldist.runs.describe import SHOW, describe_dataset


def describe(
    source: Any,
    by: str | None = None,
    *,
    show: int | Sequence[str] = SHOW,
    bootstrap: int = RESAMPLES,
    seed: int = 0,
    **how: Unpack[Reading],
) -> Description:
    """What ``source`` holds, how much its annotators agree, who and what stands out, and what may be wrong with it.

    ``source`` and ``how`` are as for :func:`labeldist.read`; without ``repeated_labels`` each label counts. ``by``: a
    column with a value per item or per label, or ``"group"``, that of annotators' names (``women/ann``). ``show``: the
    first so many items, or a list of ids, ``"disputed:N"`` and ``"agreed:N"``. ``bootstrap``: resamples of the items
    for the 95% intervals, 0 for none.

    >>> from labeldist.core.item import Annotation, Item
    >>> describe([Item("1", {}, (Annotation("ok", "ann"), Annotation("toxic", "bob")))])
    Description(the items: 1 items, 2 annotators; labels per item: 1 with 2; ok 1, toxic 1; alpha 0.000)
    """
    dataset = opened(source, how)
    return describe_dataset(
        dataset, by=by, show=[show] if isinstance(show, str) else show, bootstrap=bootstrap, seed=seed
    )
