"""Whether rows are those of the Items contract, by what is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labeldist.datasets.cells import are_labels, as_share, is_counts, is_empty, parsed, separator_of
from labeldist.datasets.roles import OF_A_PERSON


def keeps_contract(values: Sequence[Any]) -> bool:
    """Whether ``labels`` are lists, counts, or names with semicolons between: not if by annotator, or with other signs.

    >>> keeps_contract([["yes", "no"], None]), keeps_contract([{"yes": 2}]), keeps_contract([{"ann1": "yes"}])
    (True, True, False)
    >>> keeps_contract(["yes;no"]), keeps_contract(["yes,no", "no,no"])
    (True, False)
    """
    found = [parsed(value) for value in values if not is_empty(value)]
    return separator_of(found) in (None, ";") and not any(_by_annotator(value) for value in found)


def _by_annotator(value: Any) -> bool:
    if not isinstance(value, Mapping) or not value:
        return False
    people = all(OF_A_PERSON.fullmatch(str(key)) and not str(key).isdecimal() for key in value)
    return not is_counts(value) and (people or all(isinstance(label, str) for label in value.values()))


def may_be_unlabelled(columns: Mapping[str, Sequence[Any]]) -> bool:
    """Whether rows are items that nobody has labelled yet: each has an id of its own, and a text or more.

    >>> may_be_unlabelled({"id": ["1", "2"], "text": ["Hi.", "Ho."], "year": [2020, 2021]})
    True
    >>> may_be_unlabelled({"id": ["1", "2"], "yes": ["60%", "50%"], "no": ["40%", "50%"]})
    False
    """
    ids = [*map(str, columns.get("id", ()))]
    others = [values for name, values in columns.items() if name != "id"]
    numbers = [values for values in others if all(as_share(value) is not None for value in values)]
    readable = not others or len(numbers) < len(others)
    return bool(ids) and len({*ids}) == len(ids) and readable and not _are_shares(numbers)


def _are_shares(numbers: Sequence[Sequence[Any]]) -> bool:
    """Whether numbers side by side have a sum of 1: what a model says, or a share of people."""
    totals = [sum(as_share(value) or 0.0 for value in row) for row in zip(*numbers, strict=True)]
    return len(numbers) > 1 and all(abs(total - 1) < 0.02 for total in totals)


def told_unlabelled(columns: Mapping[str, Sequence[Any]]) -> str:
    """That rows were read without labels, where some columns might hold them; empty where none might.

    >>> told_unlabelled({"id": ["1", "2"], "kim": ["-1", "1"]})
    "rows without labels; if they are in 'kim': --columns label=kim (in several columns: label=a+b)"
    """
    may = [name for name, values in columns.items() if name != "id" and _may_be_labels(values)]
    if not may:
        return ""
    names = " or ".join(map(repr, may[:3])) + (" or another" if len(may) > 3 else "")
    return f"rows without labels; if they are in {names}: --columns label={may[0]} (in several columns: label=a+b)"


def _may_be_labels(values: Sequence[Any]) -> bool:
    found = [parsed(value) for value in values if not is_empty(value)]
    if any(isinstance(value, list | Mapping) for value in found):
        return True
    texts = [str(value) for value in found if not isinstance(value, bool)]
    return len({*texts}) > 1 and are_labels(texts)
