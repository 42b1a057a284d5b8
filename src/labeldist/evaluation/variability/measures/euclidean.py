"""``euclidean``: semantic similarity, from the Euclidean distance of sentence embeddings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labeldist.evaluation.metric import Array
from labeldist.evaluation.variability.embeddings import embeddings
from labeldist.evaluation.variability.similarity import similarity


@similarity("euclidean", title="Euclidean", kind="semantic", represent=embeddings, position=22)
def euclidean(vectors: Sequence[Array]) -> Array:
    """1 / (1 + distance) of every pair of M vectors of length 1, from 1/3 to 1: (M, M).

    Source: ``Scorer.euclidean_similarity`` of dmg-illc/nlg-uncertainty-probes (Giulianelli et al. 2023).

    >>> euclidean([np.array([1.0, 0.0]), np.array([-1.0, 0.0])]).tolist()
    [[1.0, 0.3333333333333333], [0.3333333333333333, 1.0]]
    """
    rows = np.asarray(vectors, dtype=np.float64)
    distances = np.linalg.norm(rows[:, None, :] - rows[None, :, :], axis=2)
    return np.asarray(1 / (1 + distances))
