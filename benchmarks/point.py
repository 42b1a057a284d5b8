"""One thing that was asked of a part of the library beside what it reached."""

from __future__ import annotations

import operator
from dataclasses import dataclass

_KEEPS = {"at least": operator.ge, "at most": operator.le, "below": operator.lt, "above": operator.gt}


@dataclass(frozen=True, slots=True)
class Point:
    """One thing asked: ``what`` shall be ``how`` (at least, at most, below, above) ``wanted``.

    >>> print(Point("KL", "at most", 0.134, 0.13))
    yes KL                                                                     0.13  at most 0.134
    """

    what: str
    how: str
    wanted: float
    found: float

    @property
    def reached(self) -> bool:
        """Whether it is."""
        return bool(_KEEPS[self.how](self.found, self.wanted))

    def __str__(self) -> str:
        reached = "yes" if self.reached else "NO"
        return f"{reached:<4}{self.what:<66}{self.found:>9.4g}  {self.how} {self.wanted:g}"
