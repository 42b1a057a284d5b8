"""Which questions an item is asked where the question has paraphrases: each order in one of them, then in another.

Spread over the orders, paraphrases cost nothing: of any P questions in a row each is in another paraphrase, and from
one such part to the next they turn, so that a paraphrase does not always meet the same place of a Latin square. Where
there are fewer orders than questions wanted, they are asked again, each in a paraphrase that it has not had.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from labeldist.judging.orders import Order, most_orders, orders, read_orders


class Asked(NamedTuple):
    """A question about an item: under which order, in which paraphrase (0: the first)."""

    order: Order
    paraphrase: int = 0


def questions(spec: str, explanations: int, options: int, paraphrases: int = 1, seed: int = 0) -> tuple[Asked, ...]:
    """What ``spec`` asks (of ``auto:SE``: first): ``balanced:N`` N questions, ``all`` every order in every paraphrase.

    >>> [one.paraphrase for one in questions("balanced:9", 4, 3, 3)]
    [0, 1, 2, 1, 2, 0, 2, 0, 1]
    >>> [len(questions(spec, 0, 3, 3)) for spec in ("balanced:12", "balanced:99", "all", "auto:0.01")]
    [12, 18, 18, 6]
    """
    return in_paraphrases(orders(spec, explanations, options, seed=seed), paraphrases, spec)


def in_paraphrases(asked: Sequence[Order], paraphrases: int, spec: str) -> tuple[Asked, ...]:
    """The questions for these orders, which are those that ``spec`` asks."""
    count = _count(spec, len(asked), paraphrases)
    laps = (divmod(at, len(asked)) for at in range(count))
    return tuple(Asked(asked[at], (at + at // paraphrases + lap) % paraphrases) for lap, at in laps)


def most_questions(spec: str, explanations: int, options: int, paraphrases: int = 1) -> int:
    """How many questions ``spec`` asks of an item at most.

    >>> most_questions("balanced:12", 0, 3, 3), most_questions("auto:0.01", 5, 3, 3)
    (12, 240)
    """
    return _count(spec, most_orders(spec, explanations, options), paraphrases)


def _count(spec: str, orders: int, paraphrases: int) -> int:
    wanted = read_orders(spec)
    if wanted.target is not None:
        return orders
    every = orders * paraphrases
    return every if wanted.count is None else min(wanted.count, every)
