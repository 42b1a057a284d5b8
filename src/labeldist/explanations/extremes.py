"""The most alike, or the least alike, explanations that a sequence of labels can have."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from labeldist.core.errors import ModelError
from labeldist.core.item import Explanation, Item

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Overlaps = NDArray[np.float64]
    Places = NDArray[np.intp]

MOST_SETS = 200_000


def extreme_set(
    item: Item, pool: Sequence[Explanation], sequence: Sequence[str], *, alike: bool = False
) -> tuple[Explanation, ...]:
    """One explanation of ``pool`` for each label of ``sequence``: the set with the least mean overlap of its pairs.

    ``alike``: with the largest instead. The overlap is that of :func:`lexical_overlaps`, over all pairs of the set,
    whatever their labels. A label that ``sequence`` names k times gets k different explanations where it has as many,
    in the order of the pool; where it has fewer, further uses repeat the first, as
    :func:`labeldist.explanations.select.follow` does, and only the different ones are compared. Of sets with equal
    overlap the one that the pool lists first is taken. All sets are tried where there are at most 200,000; else the
    first ones listed are improved by the best exchange of one explanation until none helps. Raises
    :class:`ModelError` where a label has no explanation.

    >>> pool = [Explanation(text, "yes", "m") for text in ("It rains.", "It rains!", "Clouds gather")]
    >>> [one.text for one in extreme_set(Item("1", {}), pool, ["yes", "yes"])]
    ['It rains.', 'Clouds gather']
    >>> [one.text for one in extreme_set(Item("1", {}), pool, ["yes", "yes"], alike=True)]
    ['It rains.', 'It rains!']
    """
    uses = Counter(sequence)
    choices: dict[str, list[int]] = {}
    for label in uses:
        choices[label] = [place for place, one in enumerate(pool) if one.label == label]
        if not choices[label]:
            raise ModelError(
                f"no explanation for label {label!r} of item {item.id!r}, where every selected label needs one",
                hint="look at the model's raw answer, ask it again, or use another parser profile",
            )
    wanted = {label: min(count, len(choices[label])) for label, count in uses.items()}
    overlaps = lexical_overlaps([one.text for one in pool])
    weights = overlaps if not alike else -overlaps
    number = math.prod(math.comb(len(choices[label]), count) for label, count in wanted.items())
    chosen = _best(choices, wanted, weights) if number <= MOST_SETS else _exchanged(choices, wanted, weights)
    taken: Counter[str] = Counter()
    found = []
    for label in sequence:
        places = chosen[label]
        found.append(pool[places[taken[label] if taken[label] < len(places) else 0]])
        taken[label] += 1
    return tuple(found)


def in_turn(explanations: Sequence[Explanation], *, alike: bool) -> list[Explanation]:
    """All of them: the first, then each time the one with the least mean overlap with those before it.

    ``alike``: with the largest instead. Of equal ones the one that is listed first is taken.

    >>> pool = [Explanation(text, "yes", "m") for text in ("It rains.", "It rains!", "Clouds gather")]
    >>> [one.text for one in in_turn(pool, alike=False)]
    ['It rains.', 'Clouds gather', 'It rains!']
    """
    overlaps = lexical_overlaps([one.text for one in explanations])
    order = list(range(len(explanations)))
    for done in range(1, len(order)):
        mean = overlaps[order[done:]][:, order[:done]].mean(axis=1).round(9)
        order.insert(done, order.pop(done + int(mean.argmax() if alike else mean.argmin())))
    return [explanations[place] for place in order]


def lexical_overlaps(texts: Sequence[str]) -> Overlaps:
    """The lexical similarity of every pair of M texts, (M, M): the mean of their word 1-, 2- and 3-gram overlaps.

    An overlap that is undefined, for want of n-grams in both, does not count; 0 where all are.
    See :func:`labeldist.evaluation.variability.ngrams.overlaps`.
    """
    import numpy as np

    from labeldist.evaluation.variability.ngrams import overlaps
    from labeldist.evaluation.variability.tokens import tokens

    words = [tokens(text.lower()) for text in texts]
    found = np.stack([overlaps(words, n) for n in (1, 2, 3)])
    defined = ~np.isnan(found)
    total = np.where(defined, found, 0).sum(axis=0)
    return np.asarray(total / np.maximum(defined.sum(axis=0), 1))


def _best(choices: dict[str, list[int]], wanted: dict[str, int], weights: Overlaps) -> dict[str, tuple[int, ...]]:
    """By label the places of the set of least weight, of all sets."""
    import numpy as np

    options = [np.array(list(combinations(choices[label], count)), dtype=np.intp) for label, count in wanted.items()]
    which = np.indices([len(rows) for rows in options]).reshape(len(options), -1)
    sets = np.concatenate([rows[at] for rows, at in zip(options, which, strict=True)], axis=1)
    # Rounded, so that sums of the same overlaps in another order stay equal, and the first listed set wins.
    least = int(np.argmin(np.round(_weight(sets, weights), 9)))
    return {label: tuple(rows[at[least]].tolist()) for label, rows, at in zip(wanted, options, which, strict=True)}


def _exchanged(choices: dict[str, list[int]], wanted: dict[str, int], weights: Overlaps) -> dict[str, tuple[int, ...]]:
    """By label the places of a set that no exchange of one explanation makes better."""
    import numpy as np

    labels = [label for label, count in wanted.items() for _ in range(count)]
    current = [place for label, count in wanted.items() for place in choices[label][:count]]
    while True:
        trials = [
            [*current[:at], place, *current[at + 1 :]]
            for at, label in enumerate(labels)
            for place in choices[label]
            if place not in current
        ]
        found = np.round(_weight(np.array([current, *trials], dtype=np.intp), weights), 9)
        least = int(np.argmin(found))
        if least == 0:
            break
        current = trials[least - 1]
    return {
        label: tuple(sorted(place for one, place in zip(labels, current, strict=True) if one == label))
        for label in wanted
    }


def _weight(sets: Places, weights: Overlaps) -> Overlaps:
    """The total over pairs of each of T sets of m places: (T, m) -> (T,)."""
    import numpy as np

    total = np.zeros(len(sets))
    for one, other in combinations(range(sets.shape[1]), 2):
        total += weights[sets[:, one], sets[:, other]]
    return total
