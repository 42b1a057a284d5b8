"""Pictures side by side, as far as a page is wide."""

from __future__ import annotations


def side_by_side(*pictures: str) -> str:
    """The pictures that there are, in a row that wraps.

    >>> side_by_side("", "<svg/>")
    '<svg/>'
    """
    there = [one for one in pictures if one]
    if len(there) < 2:
        return "".join(there)
    return f'<div style="display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start">{"".join(there)}</div>'
