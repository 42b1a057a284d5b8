"""How many orders ``auto:SE`` asks: a first part, then more until the standard error is small enough.

Asked is in whole *rounds*, in which each explanation and each option stands equally often in each place: half a round
leaves an imbalance that costs more than it brings. The standard error falls about as one over the root of the orders,
which says how many are still missing; no step more than doubles them, since an error found on few orders is rough.
"""

from __future__ import annotations

import math

# No item is asked under more orders than this, whatever its standard error.
MOST_ADAPTIVE = 240
LARGEST_TARGET = 0.5
# Fewer than these tell too little about the standard error.
FEWEST = 12
FEWEST_SQUARES = 2


def round_of(explanations: int, options: int) -> int:
    """The least number of orders in which everything stands equally often in each place.

    >>> [round_of(k, 3) for k in (0, 2, 3, 4, 5, 8)]
    [3, 6, 3, 12, 15, 24]
    """
    return math.lcm(max(explanations, 1), max(options, 1))


def first_count(explanations: int, options: int) -> int:
    """How many orders are asked before the standard error is looked at.

    >>> [first_count(k, 3) for k in (0, 1, 2, 3, 4, 5, 8)]
    [6, 6, 12, 12, 12, 15, 24]
    """
    square = explanations if explanations > 1 else options
    return _whole(max(FEWEST, FEWEST_SQUARES * square), explanations, options)


def most_count(explanations: int, options: int) -> int:
    """How many orders are asked of an item that never gets precise enough.

    >>> [most_count(k, 3) for k in (0, 4, 5, 8)]
    [6, 144, 240, 240]
    """
    return _whole(MOST_ADAPTIVE, explanations, options)


def next_count(asked: int, error: float, target: float, explanations: int, options: int) -> int:
    """How many orders to have asked next, where ``asked`` of them gave the largest standard error ``error``.

    ``asked`` itself where that is enough, or where there are no more orders to ask.

    >>> next_count(12, 0.012, 0.01, 4, 3), next_count(24, 0.012, 0.01, 4, 3), next_count(24, 0.01, 0.01, 4, 3)
    (24, 36, 24)
    """
    if error <= target:
        return asked
    growth = min((error / target) ** 2, 2.0) if math.isfinite(error) else 2.0
    return max(asked, _whole(max(math.ceil(asked * growth), asked + 1), explanations, options))


def _whole(count: int, explanations: int, options: int) -> int:
    """The count made up to whole rounds, within what there is and what is allowed."""
    size = round_of(explanations, options)
    every = math.factorial(explanations) * math.factorial(options)
    most = MOST_ADAPTIVE // size * size or MOST_ADAPTIVE
    return min(-(-count // size) * size, every, most)
