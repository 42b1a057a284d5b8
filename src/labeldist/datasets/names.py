"""File names made from what data and options name: groups of annotators, conditions, labels."""

from __future__ import annotations

import hashlib
import re

PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
OTHERS = re.compile(r"[^\w-]+")
MOST_BYTES = 60


def file_part(text: str) -> str:
    """``text`` as part of a file name: as it is where that is plain, else what can be read of it, and a hash.

    Different texts give different parts, also where a file system takes ``A`` for ``a``, and none is longer than 80
    bytes.

    >>> file_part("mnli"), file_part("a b"), file_part("a.b"), file_part("A")
    ('mnli', 'a-b~c8687a08aa5d6ed2', 'a-b~2e7336dc8eba87ef', 'A~559aead08264d579')
    """
    if PLAIN.fullmatch(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    readable = OTHERS.sub("-", text).strip("-").encode("utf-8", "ignore")[:MOST_BYTES].decode("utf-8", "ignore")
    return f"{readable}~{digest}"
