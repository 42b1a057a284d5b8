"""The error of a design with so many orders, over items and seeds; and what its prompts cost in tokens."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from benchmarks.orders.population import Asked, Floats, Population, Row, prompts_of
from labeldist.core.task import Task
from labeldist.judging.adaptive import first_count, next_count
from labeldist.judging.designs import balanced_pairs, latin_rows
from labeldist.judging.orders import Order, all_orders
from labeldist.judging.precision import standard_errors
from labeldist.models.prompt_tree import grow
from labeldist.models.tokens import TokenModel

SEEDS = 16
Pairs = Sequence[tuple[Row, Row]]
Design = Callable[[int, int, int, int], Pairs]


def balanced(explanations: int, options: int, count: int, seed: int) -> Pairs:
    """What ``balanced:N`` asks."""
    return balanced_pairs(explanations, options, count, seed=seed)


def drawn(explanations: int, options: int, count: int, seed: int) -> Pairs:
    """Orders drawn at random, none twice."""
    every = [(order.explanations, order.options) for order in all_orders(explanations, options)]
    return random.Random(f"drawn {seed}").sample(every, count)


def crossed(explanations: int, options: int, count: int, seed: int) -> Pairs:
    """Few orders of the explanations, each with every order of the options: nearly free with a prompt tree."""
    rows = latin_rows(explanations, f"crossed {seed}")
    return list(itertools.islice(itertools.product(rows, itertools.permutations(range(options))), count))


DESIGNS: dict[str, Design] = {"balanced": balanced, "drawn": drawn, "crossed": crossed}


def point(known: Population, design: str, count: int) -> dict[str, float]:
    """Errors of ``count`` orders against all: mean absolute, root mean square, TVD; and the standard error said."""
    shares, truth = known.shares, known.shares.mean(axis=1)
    errors, said = [], []
    for seed in range(SEEDS):
        pairs = DESIGNS[design](known.explanations, known.options, count, seed)
        asked = shares[:, known.places(pairs)]
        errors.append(asked.mean(axis=1) - truth)
        if design == "balanced":
            said.append([standard_errors(of_item, *zip(*pairs, strict=True)) for of_item in asked])
    return {"orders": count, **_summed(np.array(errors), np.array(said))}


def adaptive(known: Population, target: float, seeds: int = 4) -> dict[str, float]:
    """The same for ``auto:target``: the mean and the largest number of orders, and of steps, that items took."""
    shares, truth = known.shares, known.shares.mean(axis=1)
    counts, steps, errors, said = [], [], [], []
    for seed in range(seeds):
        for of_item, true in zip(shares, truth, strict=True):
            taken, asked, found = _taken(known, of_item, target, seed)
            counts.append(asked)
            steps.append(taken)
            errors.append(found[0] - true)
            said.append(found[1])
    return {
        "target": target,
        "orders": float(np.mean(counts)),
        "most orders": max(counts),
        "steps": float(np.mean(steps)),
        "items off by more": float((np.abs(errors).max(axis=-1) > target).mean()),
        **_summed(np.array(errors), np.array(said)),
    }


def _taken(known: Population, shares: Floats, target: float, seed: int) -> tuple[int, int, tuple[Floats, Floats]]:
    """How an item fares: steps, orders, and its MJD with the standard error."""
    numbers = known.explanations, known.options
    count, step = first_count(*numbers), 0
    while True:
        step += 1
        places, ones, others = _design(*numbers, count, seed)
        error = standard_errors(shares[places], ones, others)
        more = next_count(count, float(error.max()), target, *numbers)
        if more == count:
            return step, count, (shares[places].mean(axis=0), error)
        count = more


@lru_cache(maxsize=256)
def _design(
    explanations: int, options: int, count: int, seed: int
) -> tuple[Sequence[int], Sequence[Row], Sequence[Row]]:
    pairs = balanced(explanations, options, count, seed)
    ones, others = zip(*pairs, strict=True)
    return Population(explanations, options, np.empty((0, 0, 0))).places(pairs).tolist(), ones, others


def _summed(errors: Floats, said: Floats) -> dict[str, float]:
    distances = np.abs(errors).sum(axis=-1) / 2
    root = float(np.sqrt((errors**2).mean()))
    found = {
        "mean absolute error": float(np.abs(errors).mean()),
        "root mean square": root,
        "mean TVD": float(distances.mean()),
        "largest TVD": float(distances.max()),
    }
    if len(said):
        found["standard error"] = float(np.sqrt((said**2).mean()))
        found["within two"] = float((np.abs(errors) <= 2 * said + 1e-12).mean())
    return found


def tokens(
    asked: Sequence[Asked], task: Task, model: TokenModel, style: str, design: str, count: int
) -> dict[str, float]:
    """Tokens of an item's prompts under a design: as they are, and distinct in the tree; means over the items."""
    whole, distinct = [], []
    for one in asked:
        pairs = DESIGNS[design](len(one[1]), len(task.labels), count, 0)
        prompts = prompts_of(one, [Order(*pair) for pair in pairs], task, style)
        sequences = [model.encode(prompt.text) for prompt in prompts]
        whole.append(sum(map(len, sequences)))
        distinct.append(len(grow(sequences).ids))
    return {"tokens": float(np.mean(whole)), "distinct tokens": float(np.mean(distinct))}
