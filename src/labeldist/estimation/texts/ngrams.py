"""Texts as features: tf-idf of their words and characters, each field and each kind in columns of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

# Chinese and Japanese write no spaces: there each character is a word, and two make the 2-gram.
UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORDS = rf"[{UNSPACED}]|[^\W{UNSPACED}]+|[^\w\s]"
HASHES = 1 << 18  # n-grams are hashed, so that no vocabulary is kept
MOST_COLUMNS = 1 << 16


def ngram_features(fields: Sequence[Sequence[str]]) -> Any:
    """A sparse matrix (N, D), single precision: rows of length 1 in each block, of ``fields`` of N texts each.

    One column of zeros where no two texts have anything in common: then nothing is to be learnt of any.

    >>> ngram_features([["So good", "so bad", "so good", ""]]).toarray().any(axis=1).tolist()
    [True, True, True, False]
    """
    from scipy.sparse import csr_matrix, hstack

    blocks = [block for texts in fields for block in _blocks(texts) if block.shape[1]]
    if not blocks:
        return csr_matrix((len(fields[0]), 1), dtype=np.float32)
    return hstack(blocks, format="csr", dtype=np.float32)


def _blocks(texts: Sequence[str]) -> list[Any]:
    """Words (1 and 2), characters (3 to 5) of a field."""
    words = {"analyzer": "word", "token_pattern": WORDS, "ngram_range": (1, 2)}
    characters = {"analyzer": "char", "ngram_range": (3, 5)}
    return [_weighted(texts, how) for how in (words, characters)]


def _weighted(texts: Sequence[str], how: dict[str, Any]) -> Any:
    """The tf-idf of the n-grams of several texts: what only one text has teaches nothing of another."""
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

    found = HashingVectorizer(**how, n_features=HASHES, norm=None, alternate_sign=False, dtype=np.float32)
    counted = found.transform(texts)
    times = np.bincount(counted.indices, minlength=HASHES)
    # The most frequent first: their weights then lie side by side, which makes products twice as fast.
    kept = np.argsort(-times, kind="stable")[: min(MOST_COLUMNS, int((times > 1).sum()))]
    if not len(kept):
        return counted[:, kept]
    return TfidfTransformer(sublinear_tf=True).fit_transform(counted[:, kept])
