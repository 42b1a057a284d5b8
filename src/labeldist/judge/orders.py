"""Which orders of explanations and options a prompt is asked in: all of them, or a balanced part.

The answer to a multiple-choice prompt depends on the places in which explanations and options stand. The published
method (arXiv 2412.13942, section 3) therefore asks under every order; ``balanced:N`` asks under N orders in which
each explanation and each option stands about equally often in each place.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from labeldist.core.errors import UsageError
from labeldist.core.errors import shown as quoted

MOST_ORDERS = 5040
ATTEMPTS = 20
LOOK_AHEAD = 64


Pair = tuple[tuple[int, ...], tuple[int, ...]]  # what an Order holds, quicker to hash


@dataclass(frozen=True, slots=True)
class Order:
    """One order: ``explanations[p]`` and ``options[p]`` are the indices of what stands in place ``p``."""

    explanations: tuple[int, ...]
    options: tuple[int, ...]


def orders(spec: str, explanations: int, options: int, *, seed: int = 0) -> tuple[Order, ...]:
    """The orders that ``spec`` (``all`` or ``balanced:N``) means for so many explanations and options.

    ``balanced:N`` gives all orders where there are at most N. Raises :class:`UsageError` for another spec, and
    where that would be more than 5,040 prompts for one item.

    >>> [len(orders("all", k, 3)) for k in range(5)]
    [6, 6, 12, 36, 144]
    >>> len(orders("balanced:12", 5, 3))
    12
    """
    if spec == "all":
        return all_orders(explanations, options)
    kind, _, number = spec.partition(":")
    if kind != "balanced" or not number.isdecimal() or not number.strip("0"):
        raise UsageError(f"cannot read the orders {quoted(spec)}", hint="use all, or balanced:N with N of at least 1")
    # Python refuses to read thousands of digits as a number.
    count = int(number) if len(number) < 100 else MOST_ORDERS + 1
    if count > MOST_ORDERS:
        raise UsageError(
            f"{quoted(spec)} asks for too many orders of each item", hint=f"use a number of at most {MOST_ORDERS:,}"
        )
    return balanced_orders(explanations, options, count, seed=seed)


@lru_cache(maxsize=64)
def all_orders(explanations: int, options: int, shown: int | None = None) -> tuple[Order, ...]:
    """Every order in which ``shown`` (default: all) of the explanations can stand, times every order of the options.

    With 4 explanations of which 0, 1, 2, 3, 4 are shown these are the paper's 6, 24, 72, 144, 144 prompts.

    >>> [len(all_orders(4, 3, shown)) for shown in range(5)]
    [6, 24, 72, 144, 144]
    """
    shown = explanations if shown is None else shown
    count = math.perm(explanations, shown) * math.factorial(options)
    if count > MOST_ORDERS:
        raise UsageError(
            f"{explanations} explanations and {options} options have {count:,} orders",
            hint="use balanced:N, for instance --orders balanced:24",
        )
    return tuple(
        Order(places, choice)
        for places in itertools.permutations(range(explanations), shown)
        for choice in itertools.permutations(range(options))
    )


@lru_cache(maxsize=64)
def balanced_orders(explanations: int, options: int, count: int, *, seed: int = 0) -> tuple[Order, ...]:
    """``count`` orders in which each explanation, and each option, stands about equally often in each place.

    "About equally": how often differs by at most one between places. The two are paired so that few orders
    occur twice, and none where there are many more than ``count``.
    """
    if math.factorial(explanations) * math.factorial(options) <= count:
        return all_orders(explanations, options)
    chance = random.Random(f"orders {seed} {explanations} {options}")
    designs = (_paired(explanations, options, count, chance) for _ in range(ATTEMPTS))
    fewest: Counter[Pair] = Counter()
    for design in designs:
        fewest = design if len(design) > len(fewest) else fewest
        if len(fewest) == count:
            break
    return tuple(Order(*pair) for pair in fewest.elements())


def _paired(explanations: int, options: int, count: int, chance: random.Random) -> Counter[Pair]:
    """One balanced design, and how often each order is in it."""
    waiting = list(itertools.islice(_latin_rows(options, chance), count))
    design: Counter[Pair] = Counter()
    for row in itertools.islice(_latin_rows(explanations, chance), count):
        # Swapping which options go with which explanations keeps both balances, so a pair not seen yet is free.
        near = range(min(LOOK_AHEAD, len(waiting)))
        unseen = next((at for at in near if (row, waiting[at]) not in design), None)
        best = min(near, key=lambda at: design[row, waiting[at]]) if unseen is None else unseen
        design[row, waiting.pop(best)] += 1
    return design


def _latin_rows(length: int, chance: random.Random) -> Iterator[tuple[int, ...]]:
    """Endless rows of random Latin squares: every ``length`` rows put each index once in each place."""
    while True:
        base = chance.sample(range(length), length)
        for shift in chance.sample(range(max(length, 1)), max(length, 1)):
            yield tuple(base[shift:] + base[:shift])
