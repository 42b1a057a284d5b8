"""Texts as tokens: words, numbers and punctuation marks."""

from __future__ import annotations

import re

APOSTROPHES = str.maketrans("‘’ʼ", "'''")
TOKEN = re.compile(
    r"""
      [a-z]+(?=n't\b) | n't\b             # do|n't, ca|n't
    | can(?=not\b)                        # can|not
    | '(?:s|re|ve|ll|d|m)\b               # it|'s, we|'ll
    | (?:[a-z]\.){2,}                     # U.S.
    | \d+(?:[.,]\d+)+                     # 10,000.50
    | \w+
    | \.{2,} | -{2,}
    | [^\w\s]
    """,
    re.IGNORECASE | re.VERBOSE,
)


def tokens(text: str) -> tuple[str, ...]:
    """The tokens of ``text`` as they stand there.

    A token is a run of letters and digits, a number with its separators, an abbreviation with full stops, or one
    punctuation mark (a run of full stops or of hyphens is one). Contractions are two tokens, as in the Penn Treebank
    and in spaCy, with which Giulianelli et al. 2023 tokenize: taggers were trained on such text.

    >>> tokens("It doesn't say (in 1,000 words) that she's well-off.")
    ('It', 'does', "n't", 'say', '(', 'in', '1,000', 'words', ')', 'that', 'she', "'s", 'well', '-', 'off', '.')
    """
    return tuple(TOKEN.findall(text.translate(APOSTROPHES)))
