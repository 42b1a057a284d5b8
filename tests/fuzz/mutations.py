"""Valid files with bytes flipped, put in, taken out and doubled; how many are tried."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# LABELDIST_FUZZ: how many examples a fuzz test tries; without it few, always the same, so that CI is quick and stable.
EXAMPLES = int(os.environ.get("LABELDIST_FUZZ", "0"))
WORDS = (b"9" * 400, b"NaN", b"-Infinity", b"1e999", b"[" * 3000, b"\0", b"\xff", b"\xed\xa0\xbd", b'"', b"{}", b"null",
         b"\n", b"\r", b",", b"true", b"\xe2\x80\xa8", b"-1")  # fmt: skip

EDIT = st.tuples(
    st.sampled_from(["flip", "put", "word", "cut", "double"]), st.floats(0, 1), st.integers(0, 255), st.integers(1, 40)
)
EDITS = st.lists(EDIT, min_size=1, max_size=6)


def mutated(content: bytes, edits: list[tuple[str, float, int, int]]) -> bytes:
    """``content`` after ``edits``: what is done, where, with which byte, to how many bytes."""
    found = bytearray(content)
    for what, where, byte, length in edits:
        at = min(int(where * len(found)), max(len(found) - 1, 0))
        if what == "flip" and found:
            found[at] ^= 1 << byte % 8
        elif what == "put":
            found[at:at] = bytes([byte])
        elif what == "word":
            found[at:at] = WORDS[byte % len(WORDS)]
        elif what == "cut":
            del found[at : at + length]
        else:
            found[at:at] = found[at : at + length]
    return bytes(found)


def fuzz(check: Callable[[Any], None], inputs: st.SearchStrategy[Any], quick: int = 60) -> None:
    """``check`` many ``inputs``."""
    how = settings(
        max_examples=EXAMPLES or quick,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    how(given(inputs)(check))()
