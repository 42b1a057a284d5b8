"""Text that servers send and that is none: halves of surrogate pairs, which JSON can say and no file can hold."""

from __future__ import annotations


def repair_utf16(text: str) -> str:
    r"""``text`` with whole pairs joined, and a lone half as the sign for an unreadable character.

    >>> repair_utf16("a \ud83d b")
    'a \ufffd b'
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
