"""Cells of a table that hold labels: one, several of them in a list or a text, or a count for each."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SEPARATORS = ("#", ";", "|", ",")
DECIMAL = re.compile(r"[+-]?\d+\.0+")  # how tables write whole numbers where some cell is empty
YES, NO = ("1", "1.0", "true"), ("0", "0.0", "false")
LONGEST_LABEL = 60
MOST_DISTINCT = 50  # values of a column of labels; a column of texts has more, or as many as it has rows


def is_empty(value: Any) -> bool:
    """Whether a cell says nothing.

    >>> is_empty(None), is_empty(float("nan")), is_empty(" "), is_empty(0)
    (True, True, True, False)
    """
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and not value.strip())


def name_of(value: Any, *, decimal: bool = False) -> str | None:
    """A label, an id or an annotator as a name, without spaces around it; None where there is none.

    Numbers without fraction are whole ones; so are texts such as 1.0, of a column that has nothing else (``decimal``).

    >>> name_of(2.0), name_of(" ok "), name_of("1.0", decimal=True), name_of("1.0"), name_of("")
    ('2', 'ok', '1', '1.0', None)
    """
    if is_empty(value):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return text.partition(".")[0] if decimal and DECIMAL.fullmatch(text) else text


def are_decimal(values: Iterable[Any]) -> bool:
    """Whether all that is there is written like 1.0, so that the fraction says nothing."""
    found = [value for value in values if not is_empty(value)]
    return bool(found) and all(isinstance(value, str) and DECIMAL.fullmatch(value.strip()) for value in found)


def parsed(value: Any) -> Any:
    """What a cell holds: a list or an object where its text is one, in JSON or as Python prints it.

    >>> parsed('["a", "b"]'), parsed("['a', 'b']"), parsed("{'a': 2}"), parsed("a [sic]")
    (['a', 'b'], ['a', 'b'], {'a': 2}, 'a [sic]')
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if (text[:1], text[-1:]) not in (("[", "]"), ("{", "}"), ("(", ")")):
        return value
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value
    return found if isinstance(found, list | dict) else [*found] if isinstance(found, tuple | set) else value


def separator_of(values: Iterable[Any]) -> str | None:
    """The sign between the labels of a cell, where cells hold several: each part is a short name that others have, too.

    >>> separator_of(["yes#no", "no#no#yes"]), separator_of(["yes", "no"]), separator_of(["Well, yes", "No"])
    ('#', None, None)
    """
    texts = [value.strip() for value in values if isinstance(value, str) and value.strip()]
    for sign in SEPARATORS:
        several = [text.split(sign) for text in texts if sign in text]
        if not several:
            continue
        parts = [part.strip() for text in texts for part in text.split(sign) if part.strip()]
        distinct = set(parts)
        known = {part for part in distinct if parts.count(part) > 1} if len(parts) < 5_000 else distinct
        if (
            len(distinct) <= MOST_DISTINCT
            and all(len(part) <= LONGEST_LABEL for part in distinct)
            and 2 * len(known) >= len(distinct)
        ):
            return sign
    return None


def split(value: Any, separator: str | None) -> list[Any]:
    """The parts of a cell: those of a list, or of a text between separators; none of an empty cell.

    >>> split("a# b", "#"), split(["a", None], None), split("", "#"), split("a", None)
    (['a', 'b'], ['a', None], [], ['a'])
    """
    value = parsed(value)
    if isinstance(value, list | tuple):
        return [*value]
    if is_empty(value):
        return []
    if isinstance(value, str) and separator is not None:
        return [part.strip() for part in value.split(separator)]
    return [value]


def are_labels(values: Sequence[Any]) -> bool:
    """Whether texts may be labels: few of them, or each more than once."""
    found = [value for value in values if not is_empty(value)]
    if not found or not all(isinstance(value, str) and len(value) <= LONGEST_LABEL for value in found):
        return False
    distinct = len(set(found))
    return distinct <= MOST_DISTINCT and (distinct < len(found) or len(found) < 5)


def as_number(value: Any) -> Any:
    """A number where a text is one, else the value as it is.

    >>> as_number("3"), as_number("2.0"), as_number("x"), as_number(4)
    (3, 2, 'x', 4)
    """
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() else number if math.isfinite(number) else value


def as_share(value: Any) -> float | None:
    """A number, also in per cent or with a decimal comma; None for anything else.

    >>> as_share("60%"), as_share("0,6"), as_share(0.6), as_share("x")
    (0.6, 0.6, 0.6, None)
    """
    if isinstance(value, str):
        text = value.strip()
        try:
            number = float(text.removesuffix("%").strip().replace(",", "."))
        except ValueError:
            return None
        return number / 100 if text.endswith("%") else number
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def are_whole(values: Iterable[Any]) -> bool:
    """Whether all that is there is a whole number of at least 0, or the text of one."""
    found = [as_number(value) for value in values if not is_empty(value)]
    return bool(found) and all(
        isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and value == value // 1
        for value in found
    )


def is_true(value: Any) -> bool:
    """Whether a cell says yes, where cells say yes or no (:func:`are_yes_or_no`)."""
    return str(value).strip().lower() in YES


def are_yes_or_no(values: Iterable[Any]) -> bool:
    """Whether all that is there is 1 or 0, or true or false.

    >>> are_yes_or_no(["1", "0", ""]), are_yes_or_no([True, 0.0]), are_yes_or_no(["2", "1"])
    (True, True, False)
    """
    found = {str(value).strip().lower() for value in values if not is_empty(value)}
    return bool(found) and found <= {*YES, *NO}


def is_counts(value: Any) -> bool:
    """Whether a cell has a whole number for each of several names.

    >>> is_counts({"yes": 3, "no": 1}), is_counts({"yes": 0.5, "no": 0.5}), is_counts({})
    (True, False, False)
    """
    return isinstance(value, Mapping) and bool(value) and are_whole(number or 0 for number in value.values())
