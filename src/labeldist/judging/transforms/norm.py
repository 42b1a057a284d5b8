"""``norm``: each option's raw logit divided by the sum of the options' raw logits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeldist.core.errors import ModelError
from labeldist.judging.transform import TRANSFORMS, Transform, no_parameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@TRANSFORMS.add("norm")
def norm(parameter: str) -> Transform:
    """logit / sum of logits. Needs raw logits: on log-probabilities, which are negative, it gives nonsense.

    Raises :class:`ModelError` where a raw logit is below 0, since the result would be no distribution.
    Source: arXiv 2412.13942, section 3.
    """
    no_parameter("norm", parameter)

    def apply(logits: NDArray[np.float64]) -> NDArray[np.float64]:
        lowest = float(logits.min())
        totals = logits.sum(axis=1, keepdims=True)
        if lowest < 0 or float(totals.min()) <= 0:
            raise ModelError(
                f"a raw logit of {lowest:.3f}, where norm needs logits of at least 0 that are not all 0",
                hint="use softmax:T with this model",
            )
        shares: NDArray[np.float64] = logits / totals
        return shares

    return Transform("norm", apply, needs_raw_logits=True)
