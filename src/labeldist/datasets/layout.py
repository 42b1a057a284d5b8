"""How rows lie in tables: which columns hold JSON, which are spread over the labels, and the way there and back.

A number for each label is a column for each label (``distribution.neutral``), both ends of intervals are two
(``interval.low.neutral``, ``interval.high.neutral``), everything else that is structured is JSON in a cell. A column
that would not come back from text as it was (``page``, a number) says so in its name: ``page:json`` holds JSON, and
an empty cell there means that the row has no such column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labeldist.datasets.columns import KNOWN, spread_over
from labeldist.datasets.evidence_rows import EVIDENCE

JSON = ":json"
LOW, HIGH = "interval.low", "interval.high"


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one kind of file.

    ``json``: cells that hold JSON. ``spread``: numbers by label that a row may lack, over columns. ``whole``: numbers
    by label that every row has, over columns. ``numbers`` and ``flags``: cells that are no text.
    """

    json: tuple[str, ...]
    spread: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


ITEMS = Layout(json=tuple(name for name in KNOWN if name != "id"), spread=("labels", "reference"))
DISTRIBUTIONS = Layout(
    json=(*EVIDENCE, "explanations", "unread_answers"),
    spread=("distribution", "scores", "logits"),
    whole=("standard_error", "spread", "prior", "label_counts", "validity_mean", "validity_max", LOW, HIGH),
    numbers=(
        "orders", "answer_mass", "unread", "unlisted", "interval_mass", "concentration", "expected_kl", "expected_tvd",
        "answered", "paraphrases", "samples", "refused", "partial",
    ),
    flags=("saw_labels", "explicit"),
)  # fmt: skip
PLAIN = Layout(json=())  # published files, whose readers know what is in them


def in_columns(row: Mapping[str, Any], layout: Layout) -> dict[str, Any]:
    """``row`` with its numbers by label spread over columns; what cannot be spread stays as it is.

    >>> in_columns({"id": "1", "distribution": {"yes": 0.7, "no": 0.3}, "interval": {"yes": [0.5, 0.9]}}, DISTRIBUTIONS)
    {'id': '1', 'distribution.yes': 0.7, 'distribution.no': 0.3, 'interval.low.yes': 0.5, 'interval.high.yes': 0.9}
    """
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if name == "fields" and "fields" in layout.json and isinstance(value, Mapping):
            # A field with a name of the contract must not be taken for that part of it.
            flat |= {f"fields.{field}" if field in KNOWN else field: text for field, text in value.items()}
        elif name in (*layout.spread, *layout.whole) and _numbers(value, may_lack=name in layout.whole):
            flat |= {f"{name}.{label}": number for label, number in value.items()}
        elif name == "interval" and LOW in layout.whole and _ends(value):
            flat |= {f"{LOW}.{label}": ends[0] for label, ends in value.items()}
            flat |= {f"{HIGH}.{label}": ends[1] for label, ends in value.items()}
        else:
            flat[name] = value
    return flat


def from_columns(row: dict[str, Any], layout: Layout) -> dict[str, Any]:
    """The inverse of :func:`in_columns` for the columns that every row has; readers gather the others (``spread``).

    >>> from_columns({"id": "1", "interval.low.yes": 0.5, "interval.high.yes": 0.9}, DISTRIBUTIONS)
    {'id': '1', 'interval': {'yes': [0.5, 0.9]}}
    """
    whole: dict[str, Any] = {}
    for column, value in row.items():
        part = spread_over(column, layout.whole)
        if part is None or ("interval" if part in (LOW, HIGH) else part) in row:  # a file from elsewhere has both
            whole[column] = value
        elif part in (LOW, HIGH):
            ends = whole.setdefault("interval", {}).setdefault(column[len(part) + 1 :], [None, None])
            ends[part == HIGH] = value
        else:
            whole.setdefault(part, {})[column[len(part) + 1 :]] = value
    return whole


def is_number(value: Any) -> bool:
    """Whether ``value`` is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(value: Any, *, may_lack: bool) -> bool:
    """Whether ``value`` has a number for each of its keys, or, where it ``may_lack`` some, null."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(is_number(number) or (may_lack and number is None) for number in value.values())
    )


def _ends(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(
            isinstance(ends, list | tuple) and len(ends) == 2 and all(map(is_number, ends)) for ends in value.values()
        )
    )
