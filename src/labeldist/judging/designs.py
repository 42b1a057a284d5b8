"""Balanced designs: the orders of an item in a row of which every beginning is balanced and none occurs twice.

Three classical parts. *Latin squares*: of every k rows from the start each explanation stands once in each place, so
what a place is worth by itself leaves the mean. *Mutually orthogonal* squares (Bose 1938), where k is a prime, 4 or 8:
within k (k - 1) rows every two explanations stand once in every two places, so what two places are worth together
leaves it too. *Two wheels*: the rows of the explanations turn beside those of the options, and the shorter wheel is
set on by one after each turn of the longer, so that every pair comes up exactly once.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

Row = tuple[int, ...]
Arithmetic = Callable[[int, int], int]

SHUFFLED_AT_ONCE = 5040
# Irreducible polynomials over two elements, as bits: they make fields of 4 and of 8 numbers.
POLYNOMIALS = {4: 0b111, 8: 0b1011}


class Field(NamedTuple):
    """Addition and multiplication of the numbers below some n, such that all but 0 can be divided by."""

    plus: Arithmetic
    times: Arithmetic


def balanced_pairs(first: int, second: int, count: int, *, seed: int = 0) -> tuple[tuple[Row, Row], ...]:
    """The first ``count`` of all pairs of an order of ``first`` things and an order of ``second`` things.

    Each pair occurs once, and how often a thing stands in one place and in another differs by at most one, whatever
    ``count`` is. The pairs depend on the seed and the two numbers only, so a longer design begins with the shorter.

    >>> balanced_pairs(2, 3, 3) == balanced_pairs(2, 3, 100)[:3], len(set(balanced_pairs(2, 3, 100)))
    (True, 12)
    """
    lengths = [math.factorial(first), math.factorial(second)]
    count = min(count, math.prod(lengths))
    rows = (latin_rows(first, f"orders {seed} first"), latin_rows(second, f"orders {seed} second"))
    wheels = [list(itertools.islice(wheel, count)) for wheel in rows]
    longer = 0 if lengths[0] >= lengths[1] else 1
    pairs = []
    for at in range(count):
        turns, place = divmod(at, lengths[longer])
        one = wheels[longer][place]
        other = _set_on(wheels[1 - longer], place % lengths[1 - longer], turns)
        pairs.append((other, one) if longer else (one, other))
    return tuple(pairs)


def _set_on(wheel: Sequence[Row], place: int, turns: int) -> Row:
    """What stands at a place of a wheel that was set on so often: rows within their square, then squares."""
    if not turns:
        return wheel[place]  # the wheel may have been made as far as it is needed only
    width = max(len(wheel[0]), 1)
    square, row = divmod(place, width)
    square = (square + turns // width) % (len(wheel) // width)
    return wheel[square * width + (row + turns) % width]


def latin_rows(length: int, seed: str) -> Iterator[Row]:
    """Every order of ``length`` things once, each ``length`` of them a Latin square.

    For a prime number of things, for 4 and for 8 each ``length * (length - 1)`` of them hold every two things once in
    every two places.

    >>> sorted(zip(*itertools.islice(latin_rows(3, "0"), 3)))
    [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    """
    if not length:
        yield ()
        return
    chance = random.Random(f"{seed} {length}")
    field = _field(length)
    # Names that differ in more than these numbers never make the same order twice: the maps x -> a x + b of a field
    # take two numbers to any two, the shifts of other numbers take one to any one, in one way each.
    fixed = 2 if field and length > 1 else 1
    for others in _shuffled(range(fixed, length), chance):
        names = (*range(fixed), *others)
        factors = list(range(1, length)) if fixed == 2 else [1]
        for factor in chance.sample(factors, len(factors)):
            for shift in chance.sample(range(length), length):
                if field:
                    yield tuple(names[field.plus(field.times(factor, place), shift)] for place in range(length))
                else:
                    yield tuple(names[(place + shift) % length] for place in range(length))


def _shuffled(things: Sequence[int], chance: random.Random) -> Iterator[Row]:
    """Every order of the things once, in an order by chance."""
    if math.factorial(len(things)) <= SHUFFLED_AT_ONCE:
        every = list(itertools.permutations(things))
        yield from chance.sample(every, len(every))
        return
    # More than anyone asks for, so the one drawn is rarely known.
    seen: set[Row] = set()
    while True:
        drawn = tuple(chance.sample(things, len(things)))
        if drawn not in seen:
            seen.add(drawn)
            yield drawn


def _field(size: int) -> Field | None:
    """The field of so many numbers, where this file knows one."""
    if size in POLYNOMIALS:
        return Field(lambda a, b: a ^ b, lambda a, b: _carryless(a, b, size))
    if size > 1 and all(size % divisor for divisor in range(2, math.isqrt(size) + 1)):
        return Field(lambda a, b: (a + b) % size, lambda a, b: a * b % size)
    return None


def _carryless(a: int, b: int, size: int) -> int:
    """The product of two polynomials over two elements, given as bits, modulo that of the field."""
    product = 0
    while b:
        product ^= a * (b & 1)
        a, b = a << 1, b >> 1
        if a >= size:
            a ^= POLYNOMIALS[size]
    return product
