"""How long to wait before asking again, and when to give up."""

from __future__ import annotations

import email.utils
import math
import random
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """``retries`` after the first try; seconds: ``first`` wait, doubled each time up to ``longest``.

    ``timeout``: the most seconds for one request, from the look-up of the name to the last byte. ``told``: a wait of
    more is told, again and again while it lasts. ``obeyed``: the longest that a server may ask to wait, in one wait or
    in several with no answer between them; one that asks for more is of no use now.
    """

    retries: int = 8
    first: float = 0.5
    longest: float = 30.0
    timeout: float = 120.0
    told: float = 60.0
    obeyed: float = 600.0

    def wait(self, tries: int, asked_for: float | None = None) -> float:
        """Seconds to wait after ``tries`` failed tries: exponential, up to a half less by chance, so that many who
        failed together do not come back together; never less than the server ``asked_for``.

        >>> 1.0 <= Patience(first=0.5).wait(3) <= 2.0, Patience().wait(1, 60.0)
        (True, 60.0)
        """
        backoff = min(self.longest, self.first * 2.0 ** min(tries - 1, 60)) * random.uniform(0.5, 1.0)
        return max(backoff, asked_for or 0.0)


def retry_after(value: str | None, now: float | None = None) -> float | None:
    """The seconds that a ``Retry-After`` header asks for: a number or a date; None where it says nothing.

    >>> retry_after("1.5"), retry_after("Thu, 01 Jan 1970 00:01:00 GMT", now=0.0), retry_after("soon")
    (1.5, 60.0, None)
    >>> retry_after("1e400")
    inf
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now)
        except (ValueError, TypeError, OverflowError):
            return None
    return None if math.isnan(seconds) else max(0.0, seconds)
