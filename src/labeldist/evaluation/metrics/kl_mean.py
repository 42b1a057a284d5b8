"""KL divided by the number of labels: what the authors' fine-tuning script logs as "kl_divergence"."""

from __future__ import annotations

from labeldist.evaluation.metric import Array, item_metric
from labeldist.evaluation.metrics.kl import kl


@item_metric("kl_mean", title="KL / K", position=50, standard=False)
def kl_mean(reference: Array, prediction: Array) -> Array:
    """KL(reference || prediction) / K in nats: (N, K), (N, K) -> (N,).

    The mean over labels instead of the sum, only for comparison with numbers logged by the authors of arXiv
    2412.13942.

    >>> kl_mean([[0.5, 0.5]], [[0.25, 0.75]]).round(4)
    array([0.0719])
    """
    values: Array = kl(reference, prediction) / reference.shape[1]
    return values
