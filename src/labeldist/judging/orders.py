"""Which orders of explanations and options a prompt is asked in: all, a balanced part, or as many as it takes.

The answer to a multiple-choice prompt depends on the places in which explanations and options stand. The published
method (arXiv 2412.13942, section 3) therefore asks under every order. ``balanced:N`` asks under N orders in which
each explanation and each option stands about equally often in each place (:mod:`labeldist.judging.designs`);
``auto:SE`` goes on in the same row of orders until the standard error is small enough
(:mod:`labeldist.judging.adaptive`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from labeldist.core.errors import UsageError
from labeldist.core.errors import shown as quoted
from labeldist.judging.adaptive import LARGEST_TARGET, first_count, most_count, next_count
from labeldist.judging.designs import balanced_pairs

MOST_ORDERS = 5040
LONGEST_NUMBER = 100  # Python refuses to read thousands of digits as a number


@dataclass(frozen=True, slots=True)
class Order:
    """One order: ``explanations[p]`` and ``options[p]`` are the indices of what stands in place ``p``."""

    explanations: tuple[int, ...]
    options: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OrdersWanted:
    """What ``--orders`` says: ``count`` balanced ones, or a standard error as ``target``; neither means all."""

    count: int | None = None
    target: float | None = None


def read_orders(spec: str) -> OrdersWanted:
    """What ``spec`` says: ``all``, ``balanced:N`` or ``auto:SE``. Raises :class:`UsageError` for anything else.

    >>> read_orders("balanced:12"), read_orders("auto:0.01")
    (OrdersWanted(count=12, target=None), OrdersWanted(count=None, target=0.01))
    """
    kind, colon, number = spec.partition(":")
    if kind == "all" and not colon:
        return OrdersWanted()
    if kind == "balanced" and number.isdecimal() and number.strip("0"):
        count = int(number) if len(number) < LONGEST_NUMBER else MOST_ORDERS + 1
        if count > MOST_ORDERS:
            raise UsageError(
                f"{quoted(spec)} asks for too many orders of each item", hint=f"use a number of at most {MOST_ORDERS:,}"
            )
        return OrdersWanted(count=count)
    if kind == "auto":
        return OrdersWanted(target=_target(spec, number))
    raise UsageError(
        f"cannot read the orders {quoted(spec)}",
        hint="use all, balanced:N with N of at least 1, or auto:SE such as auto:0.01",
    )


def _target(spec: str, number: str) -> float:
    """The standard error after ``auto:``; NaN is none."""
    try:
        target = float(number)
    except ValueError:
        target = math.nan
    if not 0 < target <= LARGEST_TARGET:
        raise UsageError(
            f"{quoted(spec)} names no standard error to reach",
            hint=f"use auto:SE with SE above 0 and at most {LARGEST_TARGET}, such as auto:0.01 "
            "(or balanced:N for a number of orders)",
        )
    return target


def orders(spec: str, explanations: int, options: int, *, seed: int = 0) -> tuple[Order, ...]:
    """The orders that ``spec`` asks for so many explanations and options; of ``auto:SE`` those that it asks first.

    ``balanced:N`` gives all orders where there are at most N. Raises :class:`UsageError` for a spec that cannot be
    read, and where ``all`` would be more than 5,040 prompts for one item.

    >>> [len(orders("all", k, 3)) for k in range(5)]
    [6, 6, 12, 36, 144]
    >>> len(orders("balanced:12", 5, 3)), len(orders("auto:0.01", 8, 3))
    (12, 24)
    """
    wanted = read_orders(spec)
    if wanted.count is not None:
        return balanced_orders(explanations, options, wanted.count, seed=seed)
    if wanted.target is not None:
        return balanced_orders(explanations, options, first_count(explanations, options), seed=seed)
    return all_orders(explanations, options)


def most_orders(spec: str, explanations: int, options: int) -> int:
    """How many orders ``spec`` asks of an item at most. Raises :class:`UsageError` as :func:`orders` does.

    >>> [most_orders(spec, 5, 3) for spec in ("balanced:12", "auto:0.01", "all")]
    [12, 240, 720]
    """
    if read_orders(spec).target is not None:
        return most_count(explanations, options)
    return len(orders(spec, explanations, options))


def further_orders(
    spec: str, asked: Sequence[Order], standard_error: Sequence[float], seed: int = 0
) -> tuple[Order, ...]:
    """The orders to have asked next, those that were asked first; no more than these where they are enough.

    ``standard_error``: of each label, from what was asked. Only ``auto:SE`` ever asks for more.

    >>> asked = orders("auto:0.01", 4, 3)
    >>> [len(further_orders("auto:0.01", asked, (error, 0.0, 0.0))) for error in (0.009, 0.011, 0.2)]
    [12, 24, 24]
    """
    target = read_orders(spec).target
    if target is None:
        return tuple(asked)
    explanations, options = len(asked[0].explanations), len(asked[0].options)
    # NaN is the error of what cannot be told yet.
    largest = math.nan if any(map(math.isnan, standard_error)) else max(standard_error)
    count = next_count(len(asked), largest, target, explanations, options)
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
            hint="use balanced:N or auto:SE, for instance --orders balanced:24",
        )
    return tuple(
        Order(places, choice)
        for places in itertools.permutations(range(explanations), shown)
        for choice in itertools.permutations(range(options))
    )


@lru_cache(maxsize=64)
def balanced_orders(explanations: int, options: int, count: int, *, seed: int = 0) -> tuple[Order, ...]:
    """The first ``count`` orders of the balanced row, none twice; all of them where there are at most so many.

    How often an explanation, or an option, stands in one place and in another differs by at most one.

    >>> balanced_orders(4, 3, 24)[:12] == balanced_orders(4, 3, 12)
    True
    """
    return tuple(Order(*pair) for pair in balanced_pairs(explanations, options, count, seed=seed))
