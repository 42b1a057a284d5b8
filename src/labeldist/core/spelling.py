"""When two spellings are one name: Unicode writes ``é`` in two ways, which look alike and differ as bytes."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable


def nfc(text: str) -> str:
    """``text`` in Unicode's composed form (NFC), in which names are compared.

    >>> nfc("ne\\u0301gatif") == "n\\u00e9gatif"
    True
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)


@functools.lru_cache(maxsize=1 << 14)
def same_person(name: str) -> str:
    """An annotator's name as it is compared: composed, without spaces around it; case tells people apart.

    >>> same_person(" Jose\\u0301") == same_person("Jos\\u00e9"), same_person("a1") == same_person("A1")
    (True, False)
    """
    name = name.strip()
    return name if name.isascii() else nfc(name)


def folded(text: str) -> str:
    """``text`` without spaces around it, composed, and without case: what labels are compared by.

    >>> folded(" E\\u0301t\\u00c9 ") == folded("\\u00e9t\\u00e9"), folded("STRASSE") == folded("Straße")
    (True, True)
    """
    return nfc(nfc(text.strip()).casefold())


def composed_alike(names: Iterable[str], known: Iterable[str]) -> str:
    """A hint where one of ``names`` differs from one of ``known`` only in how accents are written; else nothing.

    >>> composed_alike(["caf\\u00e9"], ["cafe\\u0301"])
    "'café' is there in another Unicode form (NFC against NFD): write ids in one form"
    """
    forms = {nfc(name) for name in known}
    alike = next((name for name in names if nfc(name) in forms), None)
    return (
        "" if alike is None else f"{alike!r} is there in another Unicode form (NFC against NFD): write ids in one form"
    )
