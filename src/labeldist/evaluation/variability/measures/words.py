"""``word-1``, ``word-2``, ``word-3``: lexical similarity, the overlap of n-grams of words in lower case."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from labeldist.evaluation.variability.ngrams import overlaps
from labeldist.evaluation.variability.similarity import Tools, similarity
from labeldist.evaluation.variability.tokens import tokens


def words(texts: Sequence[str], tools: Tools) -> list[tuple[str, ...]]:
    """The tokens of each text in lower case, punctuation marks included, as Giulianelli et al. 2023 count them.

    >>> words(["It rains."], Tools())
    [('it', 'rains', '.')]
    """
    return [tokens(text.lower()) for text in texts]


for n in (1, 2, 3):
    similarity(f"word-{n}", title=f"words, {n}-grams", kind="lexical", represent=words, position=n)(
        partial(overlaps, n=n)
    )
