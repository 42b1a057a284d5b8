"""Quotation marks around every item of a list."""

from __future__ import annotations

from collections.abc import Sequence

_PAIRS = {'"': '"', "“": "”", "„": "“”", "«": "»", "「": "」", "『": "』", "'": "'", "‘": "’", "`": "`"}


def without_quotes(items: Sequence[str]) -> list[str]:
    """The items without quotation marks, and the commas after these, where every item stands in such.

    >>> without_quotes(['"It rains."', '"It pours.",']), without_quotes(['"Wet" is said.', '"It pours."'])
    (['It rains.', 'It pours.'], ['"Wet" is said.', '"It pours."'])
    """
    bare = [_inside(item.rstrip(",，、;")) for item in items]
    inside = [one for one in bare if one is not None]
    return inside if len(inside) == len(items) else list(items)


def _inside(item: str) -> str | None:
    closing = _PAIRS.get(item[:1], "")
    inner = item[1:-1]
    if len(item) < 3 or not closing or item[-1] not in closing:
        return None
    if item[0] in inner or any(sign in inner for sign in closing if sign not in "'’"):
        return None
    return inner.strip()
