"""Makes torch's functions exact from their first call on.

On x86 torch has MKL compute them, in several threads. MKL chooses how at the first call of each function; where two
threads call it first at a time, one of them may compute with half of the digits, once (pytorch issue 188792). Of 1,500
processes that began with `exp` in two threads 18 did; the first answers of a run were then off by 2e-4 of the spread of
the logits. One call in one thread, before all others, prevents it.
"""

from __future__ import annotations

from functools import cache

FUNCTIONS = (
    "acos", "asin", "atan", "cos", "cosh", "erf", "erfc", "erfinv", "exp", "expm1", "log", "log10", "log1p", "log2",
    "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
)  # fmt: skip


@cache
def settle() -> None:
    """Call each function once; to be done in each process before torch computes anything.

    >>> settle()
    """
    import torch

    for dtype in (torch.float32, torch.float64):
        for name in FUNCTIONS:
            getattr(torch, name)(torch.full((1,), 0.5, dtype=dtype))
