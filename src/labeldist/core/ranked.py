"""Items named by their place in a ranking: ``disputed:10``, ``agreed:10``."""

from __future__ import annotations

from labeldist.core.errors import UsageError

DISPUTED, AGREED = "disputed", "agreed"
MOST_DIGITS = 9


def ranked_spec(name: str) -> tuple[str, int] | None:
    """Of ``disputed:10`` or ``agreed:10`` the two parts; None of anything else, such as an id.

    >>> ranked_spec("disputed:10"), ranked_spec("q7")
    (('disputed', 10), None)
    """
    how, colon, number = name.partition(":")
    if how not in (DISPUTED, AGREED):
        return None
    if not (colon and number.isdecimal() and len(number) <= MOST_DIGITS):
        raise UsageError(f"{name!r} as items to show", hint=f"say how many: {how}:10")
    return how, int(number)
