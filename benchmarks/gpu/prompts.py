"""Token sequences shaped as the judge's prompts are: every order of four explanations and of three options."""

from __future__ import annotations

import random
from itertools import chain, permutations

# Tokens of the parts, as the 341 items have them in the median with the embedded tokenizer.
OPENING, EXPLANATION, OPTION, END = 190, 24, 12, 9
EXPLANATIONS, OPTIONS = 4, 3


def item_prompts(number: int, vocabulary: int) -> list[list[int]]:
    """The 144 sequences of item ``number``; no token is special (0 to 9).

    >>> sequences = item_prompts(0, 1000)
    >>> len(sequences), len({tuple(one) for one in sequences}), len(sequences[0])
    (144, 144, 331)
    """
    draw = random.Random(number)

    def part(tokens: int) -> list[int]:
        return [draw.randrange(10, vocabulary) for _ in range(tokens)]

    opening, end = part(OPENING), part(END)
    explanations = [part(EXPLANATION) for _ in range(EXPLANATIONS)]
    options = [part(OPTION) for _ in range(OPTIONS)]
    return [
        [*opening, *chain.from_iterable(shown), *chain.from_iterable(offered), *end]
        for shown in permutations(explanations)
        for offered in permutations(options)
    ]
