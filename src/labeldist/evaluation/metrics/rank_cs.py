"""Ranking calibration: the share of items whose labels the prediction ranks as people do."""

from __future__ import annotations

import numpy as np

from labeldist.evaluation.metric import Array, item_metric


@item_metric("rank_cs", title="RankCS", higher_is_better=True, position=62, standard=False)
def rank_cs(reference: Array, prediction: Array) -> Array:
    """1 where every two labels that people rank are ranked alike by the prediction, else 0: (N, K), (N, K) -> (N,).

    Labels that as many people chose are not ranked: with few annotators ties are common, and no order of them is
    right or wrong. Source: Baan et al. 2022 (arXiv 2210.16133), who compare the order of all labels.

    >>> rank_cs([[0.7, 0.2, 0.1], [0.6, 0.2, 0.2]], [[0.5, 0.2, 0.3], [0.5, 0.2, 0.3]])
    array([0., 1.])
    """
    ranked = reference[:, :, None] > reference[:, None, :]
    alike = prediction[:, :, None] > prediction[:, None, :]
    return np.asarray((alike | ~ranked).all(axis=(1, 2)), dtype=np.float64)
