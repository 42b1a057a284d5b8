"""The JSON of an answer, with limits on what it becomes: a body of nothing but brackets is fifty times its bytes."""

from __future__ import annotations

import json
import re
from typing import Any

from labeldist.models.server.failures import MalformedError

# A listing of 20 tokens with their bytes has 200 values, a list of models 20,000, a prompt's ids as many as tokens.
MOST_VALUES = 500_000
DEEPEST = 50
LONGEST_WHOLE, LONGEST_REAL = 40, 400  # characters: no count has more, nor a log-probability to its last digit
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


def parsed(body: bytes) -> Any:
    """What the JSON says, as UTF-8, whatever charset a gateway's header names.

    Raises :class:`MalformedError` where it is none, or where it has more values, more depth or longer numbers than any
    answer.

    >>> parsed(b'{"choices": []}')
    {'choices': []}
    >>> try:
    ...     parsed(b"[" * 100_000)
    ... except MalformedError as error:
    ...     print(error)
    no JSON
    """
    if _marks(body) > MOST_VALUES and _marks(_TEXT.sub(b"", body)) > MOST_VALUES:
        raise MalformedError(f"more than {MOST_VALUES:,} values")
    try:
        answer = json.loads(body.decode("utf-8-sig"), parse_int=_whole, parse_float=_real)
    except (ValueError, RecursionError):
        raise MalformedError("no JSON") from None
    level = [answer]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return answer
    raise MalformedError(f"JSON nested more than {DEEPEST} deep")


def _marks(body: bytes) -> int:
    return sum(body.count(mark) for mark in (b",", b"[", b"{"))


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _whole(text: str) -> int:
    return int(_short(text, LONGEST_WHOLE))


def _real(text: str) -> float:
    return float(_short(text, LONGEST_REAL))


def _short(text: str, longest: int) -> str:
    if len(text) > longest:
        raise MalformedError(f"a number of {len(text):,} digits")
    return text
