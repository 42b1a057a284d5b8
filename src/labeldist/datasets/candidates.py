"""The shapes with a row per item that columns may have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from labeldist.core.errors import UsageError
from labeldist.datasets.cells import (
    LONGEST_LABEL,
    MOST_DISTINCT,
    are_decimal,
    are_labels,
    are_whole,
    as_number,
    as_share,
    is_counts,
    is_empty,
    parsed,
    separator_of,
    split,
)
from labeldist.datasets.roles import MADE_OF_LABELS, OF_A_PERSON, OF_LABELS, OF_SOMEBODY
from labeldist.datasets.shape import Shape, listed

Columns = Mapping[str, Sequence[Any]]
NUMBERED = re.compile(r"(.*?)[\s_.\-]*\d+", re.DOTALL)
NO_PEOPLE = re.compile(r"q|question|item|task|text|sentence|option|choice|feature|field|page|line|doc|source", re.I)
WORD = "(?P<word>n|num|number|no|count|counts|votes|total)"
COUNT_OF = re.compile(rf"{WORD}[\s_.\-]+(?P<label>(?!of\b).+)", re.I | re.DOTALL)
COUNTED = re.compile(rf"(?P<label>.+)[\s_.\-]+{WORD}", re.I | re.DOTALL)
# What is counted beside labels, such as n_words, and what is known of items, such as author_gender and lang.
NO_LABELS = re.compile(
    r".*(annotat|worker|rater|coder|judg)\w*|words?|chars?|characters|tokens|sentences|lines|likes|retweets|replies|"
    r"comments|shares|views|followers|friends|posts|labels|votes",
    re.I,
)
OF_ITEMS = re.compile(
    r"(.*[\W_])?(gender|sex|age|race|ethnicity|country|nationality|religion|lang|language|split|train|test|dev|source|"
    r"domain|topic|platform|date|time|year|translated)([\W_].*)?",
    re.I,
)
DATE = re.compile(r"\d+[/.\-]\d+[/.\-]\d+([ T].*)?")
SAME_TOTAL = 0.8  # share of rows whose counts have the same sum, from which numbers beside other columns are counts


def in_lists(
    columns: Columns, name: str, id_: tuple[str, ...], who: str | None, *, by_name: bool = False
) -> Shape | None:
    """The shape where a cell of column ``name`` has all labels of the item: a list, or one by annotator or label.

    ``who``: the column with the lists of annotators, where it is known. ``by_name``: only where the column is called
    like labels, or such a column goes with it.

    >>> in_lists({"votes": ["a#b#a", "b#b#a"]}, "votes", (), None).separator
    '#'
    """
    cells = [parsed(value) for value in columns[name]]
    found = [value for value in cells if not is_empty(value) and value not in ([], {})]
    if not found:
        return None
    if all(isinstance(value, Mapping) for value in found):
        return _of_objects(found, name, id_, by_name=by_name)
    if any(isinstance(value, Mapping) for value in found):
        return None
    texts = not any(isinstance(value, list | tuple) for value in found)
    separator = separator_of(found) if texts else None
    if texts and separator is None:
        return None
    parts = [split(value, separator) for value in cells]
    flat = [part for cell in parts for part in cell if not is_empty(part)]
    entries = bool(flat) and all(isinstance(part, Mapping) and "label" in part for part in flat)
    if not (entries or _few_names(flat)):
        return None
    people = who or _people_beside(columns, name, parts, separator)
    called = (OF_LABELS.search(name) is not None or people is not None) and not MADE_OF_LABELS.search(name)
    of_people = OF_SOMEBODY.search(name) is not None and not OF_LABELS.search(name)
    if by_name and (not called or of_people or (people is None and _may_be_counts(parts))):
        return None
    return Shape("lists", id_, name, people, separator=separator, decimal=are_decimal(flat))


def _few_names(parts: Sequence[Any]) -> bool:
    plain = all(isinstance(part, str | int | float) and not isinstance(part, bool) for part in parts)
    return (
        plain
        and bool(parts)
        and len({*map(str, parts)}) <= MOST_DISTINCT
        and all(len(str(part)) <= LONGEST_LABEL for part in parts)
    )


def _may_be_counts(parts: Sequence[list[Any]]) -> bool:
    """Whether these are lists of numbers, as many in each and with the same sum: counts in an order not told."""
    found = [cell for cell in parts if cell]
    flat = [part for cell in found for part in cell]
    if len({len(cell) for cell in found}) != 1 or any(map(is_empty, flat)) or not are_whole(flat):
        return False
    totals = [sum(map(as_number, cell)) for cell in found]
    return len(totals) > 1 and totals.count(totals[0]) >= SAME_TOTAL * len(totals)


def _people_beside(columns: Columns, name: str, labels: Sequence[list[Any]], separator: str | None) -> str | None:
    """The column that has in each row as many names as there are labels."""
    for other in columns:
        if other == name or not OF_SOMEBODY.search(other):
            continue
        people = [split(value, separator or ",") for value in columns[other]]
        several = [(who, given) for who, given in zip(people, labels, strict=True) if len(given) > 1]
        alike = sum(len(who) == len(given) for who, given in several)
        if 2 * alike > len(several):  # a row in which they differ is an error of its own
            return other
    return None


def _of_objects(found: Sequence[Any], name: str, id_: tuple[str, ...], *, by_name: bool) -> Shape | None:
    """A label for each annotator, or a count for each label."""
    called = OF_LABELS.search(name) is not None or re.search("count", name, re.I) is not None
    if by_name and (not called or MADE_OF_LABELS.search(name)):
        return None
    keys = {key for value in found for key in value}
    values = [value for one in found for value in one.values()]
    people = all(OF_A_PERSON.fullmatch(str(key).strip()) and not str(key).strip().isdecimal() for key in keys)
    if all(is_counts(value) for value in found) and not people:
        return Shape("counts", id_, name) if any(value and value > 1 for value in map(as_number, values)) else None
    flat = [part for value in values for part in split(value, None)]
    if not _few_names(flat):
        return None
    separator = separator_of(values)
    return Shape("lists", id_, name, separator=separator, decimal=are_decimal(flat))


def by_label(columns: Columns, names: Sequence[str], id_: tuple[str, ...]) -> Shape | None:
    """A column for each label, with a list of what each annotator who chose it said."""
    found = []
    for name in names:
        entries = [entry for value in columns[name] for entry in split(value, None) if not is_empty(entry)]
        if entries and all(isinstance(entry, Mapping) and "annotator" in entry for entry in entries):
            found.append(name)
    entries_have_labels = any(
        isinstance(entry, Mapping) and "label" in entry
        for name in found
        for value in columns[name]
        for entry in split(value, None)
    )
    return Shape("by-label", id_, values=tuple(found)) if len(found) > 1 and not entries_have_labels else None


def numbered(columns: Columns, names: Sequence[str], id_: tuple[str, ...], shape: str | None) -> Shape | None:
    """Columns of one name and a number each, such as ``label0`` and ``label1``: those of annotators."""
    series: dict[str, list[str]] = {}
    for name in names:
        if (match := NUMBERED.fullmatch(name)) and not NO_PEOPLE.fullmatch(match[1]) and match[1]:
            series.setdefault(match[1].lower(), []).append(name)
    found = []
    # Some who labelled may have a number each, too: Score1, TurkId1, Score2, TurkId2.
    people = {prefix: members for prefix, members in series.items() if _name_people(columns, prefix, members)}
    for prefix, members in series.items():
        if prefix in people:
            continue
        of_labels = OF_LABELS.search(prefix) or OF_A_PERSON.fullmatch(prefix + "1")
        seen = [name for name in members if not all(map(is_empty, columns[name]))]
        hold = [name for name in seen if are_labels(columns[name]) or (of_labels and _few_numbers(columns[name]))]
        if len(hold) == len(seen) > 1 and not MADE_OF_LABELS.search(prefix) and _share(columns, hold):
            found.append(members)  # also those who have labelled none of the first rows
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} series of columns that may be annotators: {'; '.join(map(listed, found))}",
            hint=f"say which: --columns label={'+'.join(found[0])}",
        )
    if not found or shape == "counts":
        return None
    chosen = found[0]
    beside_them = [names for names in people.values() if len(names) == len(chosen)]
    who = tuple(beside_them[0]) if len(beside_them) == 1 else ()
    given = {value for name in chosen for value in columns[name] if not is_empty(value)}
    beside = [
        name
        for name in names
        if name not in (*chosen, *who) and are_labels(columns[name]) and {*columns[name]} - {None, ""} <= given
    ]
    decimal = are_decimal(value for name in chosen for value in columns[name])
    return Shape("wide", id_, values=tuple(chosen), decimal=decimal, beside=tuple(beside), people=who)


def _name_people(columns: Columns, prefix: str, members: Sequence[str]) -> bool:
    """Whether columns of one series name those who labelled: they are called so, and nobody is on a row twice."""
    if len(members) < 2 or OF_LABELS.search(prefix) or not (OF_SOMEBODY.search(prefix) or prefix.endswith("id")):
        return False
    rows = [[value for value in row if not is_empty(value)] for row in zip(*(columns[n] for n in members), strict=True)]
    rows = [row for row in rows if len(row) > 1]
    return len(rows) > 1 and all(len({*row}) == len(row) for row in rows)


def _few_numbers(values: Sequence[Any]) -> bool:
    found = [as_number(value) for value in values if not is_empty(value)]
    return bool(found) and all(isinstance(value, int | float) for value in found) and len({*found}) <= MOST_DISTINCT


def _share(columns: Columns, names: Sequence[str]) -> bool:
    """Whether each column has a value that another has, too."""
    distinct = {name: {str(value) for value in columns[name] if not is_empty(value)} for name in names}
    return all(any(distinct[name] & distinct[other] for other in names if other != name) for name in names)


def sharing(columns: Columns, names: Sequence[str], id_: tuple[str, ...], shape: str | None) -> Shape | None:
    """Columns of texts that share values are annotators; of whole numbers, counts, or annotators as well."""
    names = [name for name in names if not (MADE_OF_LABELS.search(name) or OF_ITEMS.fullmatch(name))]
    texts = [name for name in names if are_labels(columns[name]) and not _are_numbers(columns[name])]
    texts = [name for name in texts if not all(DATE.fullmatch(str(one)) for one in columns[name] if not is_empty(one))]
    texts = [name for name in texts if any(_share(columns, (name, other)) for other in texts if other != name)]
    if texts and all(name.isdecimal() for name in texts):  # one whose labels are shared with nobody, too
        texts = [name for name in names if name in texts or (name.isdecimal() and are_labels(columns[name]))]
    if len(texts) > 1 and shape != "counts":
        return Shape("wide", id_, values=tuple(texts))
    if shape == "wide":
        numbers = [name for name in names if are_labels(columns[name]) or _few_numbers(columns[name])]
        return Shape("wide", id_, values=tuple(numbers), decimal=_decimal(columns, numbers)) if numbers else None
    whole = [name for name in names if are_whole(columns[name])]
    if called := _called_counts(whole):
        return counted(id_, called)
    if len(whole) < 2:
        return None
    kind = shape or _wide_or_counts(columns, whole)
    if kind == "wide":
        return Shape("wide", id_, values=tuple(whole), decimal=_decimal(columns, whole))
    alone = len(whole) == len([*columns]) - len(id_)
    repeats = any(are_labels(columns[name]) for name in names if name not in whole)
    if shape is None and not alone and (repeats or not _are_counts(columns, whole)):
        return None
    return counted(id_, whole)


def _decimal(columns: Columns, names: Sequence[str]) -> bool:
    return are_decimal(value for name in names for value in columns[name])


def _called_counts(names: Sequence[str]) -> list[str]:
    """The columns that are called counts in one and the same way, where two or more are."""
    called: dict[tuple[Any, str], list[str]] = {}
    for name in names:
        for pattern in (COUNT_OF, COUNTED):
            if (match := pattern.fullmatch(name)) and not NO_LABELS.fullmatch(match["label"]):
                called.setdefault((pattern, match["word"].lower()), []).append(name)
    several = [found for found in called.values() if len(found) > 1]
    return several[0] if len(several) == 1 else []


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(as_share(value) is not None for value in values if not is_empty(value))


def counted(id_: tuple[str, ...], names: Sequence[str]) -> Shape:
    """Columns of counts: labels are called as the columns are, without a word for the number that all have.

    >>> counted((), ["n_yes", "n_no"]).labels
    ('yes', 'no')
    """
    for pattern in (COUNT_OF, COUNTED):
        found = [pattern.fullmatch(name) for name in names]
        if all(found):
            return Shape("counts", id_, values=tuple(names), labels=tuple(one["label"] for one in found if one))
    return Shape("counts", id_, values=tuple(names))


def _are_counts(columns: Columns, names: Sequence[str]) -> bool:
    """Whether numbers beside other columns are counts: rows have the same total."""
    totals = [
        sum(as_number(value) for value in row if not is_empty(value))
        for row in zip(*(columns[n] for n in names), strict=True)
    ]
    most = max({*totals}, key=totals.count, default=0)
    return most > 0 and totals.count(most) >= SAME_TOTAL * len(totals)


def _wide_or_counts(columns: Columns, names: Sequence[str]) -> str:
    """Which of the two these columns of numbers are."""
    people = all(OF_A_PERSON.fullmatch(name) for name in names)
    bare_numbers = all(name.isdecimal() for name in names)
    empty = any(is_empty(value) for name in names for value in columns[name])
    if (empty and not people) or (bare_numbers and not empty):
        raise UsageError(
            f"numbers in the columns {listed(names)}: labels of annotators, or counts of labels?",
            hint="say which: --format wide or --format counts (in Python: format='wide')",
        )
    return "wide" if people else "counts"
