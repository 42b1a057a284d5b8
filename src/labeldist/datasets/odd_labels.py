"""Names of labels that are hardly what an annotator chose: no answer, a spreadsheet's date, a number twice."""

from __future__ import annotations

import re
from collections.abc import Mapping

from labeldist.core.errors import InputError, Place, shown

NO_ANSWER = frozenset(
    ("-", "--", "---", "?", "n/a", "na", "n.a.", "nan", "none", "null", "nil", "#n/a", "<na>", "skip", "skipped",
     "no answer", "missing", "not available", "(empty)", "blank")
)  # fmt: skip
MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|m\u00e4r|mrz|mai|okt|dez"
DATE = re.compile(
    rf"\d{{1,2}}[.\- ]+({MONTHS})[a-z]*\.?|({MONTHS})[a-z]*[.\- ]+\d{{1,4}}|\d{{4}}-\d\d-\d\d([T ].*)?", re.I
)


def refuse_odd(times: Mapping[str, int], place: Place) -> None:
    """Raise :class:`InputError` for such a name among the labels, which were chosen so many ``times``."""
    total = sum(times.values())
    for name, count in times.items():
        if name.lower() in NO_ANSWER:
            raise InputError(
                f"the label {shown(name)} ({count:,} of {total:,}), which reads like no answer",
                expected="labels that annotators chose",
                place=place.at("labels"),
                hint=f"--missing {name!r} drops it; if it is a label, name all of them: --labels a,b,{name}",
            )
        if DATE.fullmatch(name):
            raise InputError(
                f"the label {shown(name)} ({count:,} of {total:,}), perhaps a date that a spreadsheet made of a label",
                expected="labels as annotators chose them",
                place=place.at("labels"),
                hint=f"say what it was: --alias {name}=1-2; if it is a label, name all of them: --labels a,b,{name}",
            )
    _refuse_twice(times, place)


def _refuse_twice(times: Mapping[str, int], place: Place) -> None:
    """The same number in two spellings is one label."""
    seen: dict[float, str] = {}
    for name in times:
        try:
            number = float(name.replace(",", "."))
        except ValueError:
            continue
        if number in seen:
            less, more = sorted((seen[number], name), key=lambda one: times[one])
            raise InputError(
                f"labels {shown(more)} and {shown(less)}, which are the same number",
                expected="one spelling of a label",
                place=place.at("labels"),
                hint=f"--alias {less}={more} makes them one; --labels a,b,c names those that there are",
            )
        seen[number] = name
