"""The strings of a view as a page may show them, and JSON that cannot end the block that it stands in."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

import orjson

from labeldist.core.visible import visible
from labeldist.reports.view import View

LONG = frozenset({"texts", "explanations", "prompts"})  # fields whose strings have lines
# Inside strings only: JSON itself has none of these.
_ENDING = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_key = lru_cache(4096)(visible)  # the same few names, over and over


def shown_view(view: View) -> View:
    """The view with what is invisible in its strings, or would act, written out."""
    return cast(View, _shown(view, lines=False))


def embedded_json(value: object) -> str:
    """JSON for a ``<script>`` block of data.

    >>> embedded_json({"text": "</script>&"})
    '{"text":"\\\\u003c/script\\\\u003e\\\\u0026"}'
    """
    text = orjson.dumps(value).decode()
    for sign, escape in _ENDING.items():
        text = text.replace(sign, escape)
    return text


def _shown(value: Any, *, lines: bool) -> Any:
    if isinstance(value, str):
        return visible(value.replace("\r\n", "\n"), lines=True) if lines else visible(value)
    if isinstance(value, dict):
        keys = {key: _key(key) for key in value}
        if len(set(keys.values())) < len(keys):  # one is spelt as another is written out
            keys = {key: f"{shown} ({at})" for at, (key, shown) in enumerate(keys.items(), 1)}
        return {keys[key]: _shown(part, lines=lines or key in LONG) for key, part in value.items()}
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], float | int):
            return value  # numbers, which are most of a view
        return [_shown(part, lines=lines) for part in value]
    return value
