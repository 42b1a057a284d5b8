"""A part of the items by a stable hash of their ids, so that several runs share a source without knowing each other."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from labeldist.core.errors import UsageError, shown

MOST_SHARDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Shard:
    """The ``number``-th of ``of`` parts, counted from 1.

    >>> shards = [Shard(number, 3) for number in (1, 2, 3)]
    >>> ["".join(id_ for id_ in "abcdefgh" if shard.has(id_)) for shard in shards]
    ['f', 'ab', 'cdegh']
    """

    number: int
    of: int

    def has(self, id_: str) -> bool:
        """Whether the item with that id is in this part; it is in exactly one, wherever and whenever that is asked."""
        digest = hashlib.sha256(id_.encode("utf-8")).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def read_shard(spec: str) -> Shard:
    """What ``NUMBER/OF`` says. Raises :class:`UsageError` for anything else, and for a number that is none of so many.

    >>> read_shard("3/16")
    Shard(number=3, of=16)
    """
    # One way to write each, since runs compare their settings as they were written.
    found = re.fullmatch(r"([1-9][0-9]{0,6})/([1-9][0-9]{0,6})", spec)
    numbers = [int(part) for part in found.groups()] if found else [0, 0]
    if not 1 <= numbers[0] <= numbers[1] <= MOST_SHARDS:
        raise UsageError(
            f"no part of the items is {shown(spec)}", hint="use NUMBER/OF, such as 3/16: the third of sixteen parts"
        )
    return Shard(*numbers)
