"""``cosine``: semantic similarity, the cosine of sentence embeddings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labeldist.evaluation.metric import Array
from labeldist.evaluation.variability.embeddings import embeddings
from labeldist.evaluation.variability.similarity import similarity


@similarity("cosine", title="cosine", kind="semantic", represent=embeddings, position=21)
def cosine(vectors: Sequence[Array]) -> Array:
    """The cosine of every pair of M vectors of length 1, from -1 to 1: (M, M). Giulianelli et al. 2023.

    >>> cosine([np.array([1.0, 0.0]), np.array([0.6, 0.8])])[0, 1]
    np.float64(0.6)
    """
    rows = np.asarray(vectors, dtype=np.float64)
    return np.asarray(np.clip(rows @ rows.T, -1, 1))
