"""JSON, and what only looks like it: lists and objects of explanations, whole, cut off, or written as Python."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator

from labeldist.explanations.answer.joining import titled
from labeldist.explanations.answer.wording import NOUN

_BEGINNING = re.compile(r"""^[ \t]*(?=\[\s*["'{\[\]]|\{\s*["'}])|:[ \t](?=[\[{]\s*["{])""", re.MULTILINE)
# A whole string, and whether a colon makes it a key; or one that never ends, which takes all the rest.
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)(?:"(\s{0,20}:)?|(\\?\Z))', re.DOTALL)
_NOUN_KEY = re.compile(
    rf"(?:\w{{1,20}}[ _])?(?:{NOUN}|texts?|content|description|details?|answers?|items?|list|value)[ _]?\d*$",
    re.IGNORECASE,
)
_TITLE_KEY = re.compile(
    r"(?:title|heading|name|summary|factor|category|标题|標題|제목|タイトル|titel|titre|título)$", re.IGNORECASE
)
_OTHER_KEY = re.compile(
    r"(?:id|index|number|no|label|type|score|confidence|likelihood|probability|plausibility|language|task"
    r"|context|premise|statement|hypothesis|question|note|conclusion)$",
    re.IGNORECASE,
)
_NUMBERED_KEY = re.compile(r"\W*\d+\W*$")


def structured_items(text: str) -> list[str] | None:
    """The texts in the JSON (or Python) that begins a line of ``text`` or follows a colon; None where there is none.

    In an object with a key that calls its value a reason or a text, that value counts, with its title; in another
    one every value, with its key as the title, but for numbers, labels and the like. Of a list that was cut off, or is
    no good JSON, every whole string that is no key counts.

    >>> structured_items('[{"title": "Weather", "explanation": "Rain falls."}]'), structured_items('["It rains.", "It')
    (['Weather: Rain falls.'], ['It rains.'])
    """
    beginning = _BEGINNING.search(text)
    if beginning is None:
        return None
    inner = text[beginning.end() :]
    values = list(_decoded(inner))
    if values:
        return [found for value in values for found in _texts(value)]
    end = max(inner.rfind("]"), inner.rfind("}"))
    value = _as_python(inner[: end + 1])
    if value is not None:
        return list(_texts(value))
    strings = [
        _unescaped(found.group(1)) for found in _STRING.finditer(inner) if found.group(2) is found.group(3) is None
    ]
    return [one for one in strings if one.strip()] or None


def _decoded(text: str) -> Iterator[object]:
    """The JSON values at the beginning of the text, one after the other."""
    decoder = json.JSONDecoder(strict=False)
    at = 0
    while at < len(text) and text[at] in "[{":
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield value
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1


def _as_python(text: str) -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        yield from _texts_of_object({str(key).strip(): one for key, one in value.items()})


def _texts_of_object(found: dict[str, object]) -> Iterator[str]:
    named = {
        key: value for key, value in found.items() if _NOUN_KEY.match(key[:60]) and not isinstance(value, int | float)
    }
    if named:
        title = next((value for key, value in found.items() if _TITLE_KEY.match(key) and isinstance(value, str)), "")
        for value in named.values():
            for text in _texts(value):
                yield titled(title, text) if isinstance(value, str) else text
        return
    for key, value in found.items():
        if _OTHER_KEY.match(key):
            continue
        title = "" if _NUMBERED_KEY.match(key) or _TITLE_KEY.match(key) else key
        for text in _texts(value):
            yield titled(title, text) if isinstance(value, str) else text


def _unescaped(inner: str) -> str:
    try:
        return str(json.loads(f'"{inner}"', strict=False))
    except ValueError:
        return inner
