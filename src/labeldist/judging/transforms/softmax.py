"""``softmax:T``: the softmax of the options' logits at temperature T (the paper uses 20)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from labeldist.core.errors import UsageError
from labeldist.judging.transform import TRANSFORMS, Transform

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@TRANSFORMS.add("softmax")
def softmax(parameter: str) -> Transform:
    """exp(logit / T), normalised over the options; log-probabilities give the same as raw logits.

    Without a parameter T is 1. Source: arXiv 2412.13942, section 3.
    """
    try:
        temperature = float(parameter or 1)
    except ValueError:
        temperature = math.nan
    if not (math.isfinite(temperature) and temperature > 0):
        raise UsageError(f"temperature {parameter!r} of softmax", hint="give a number above 0, for instance softmax:20")

    def apply(logits: NDArray[np.float64]) -> NDArray[np.float64]:
        import numpy as np

        scaled = logits / temperature
        powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
        return shares

    return Transform(f"softmax:{temperature:g}", apply)
