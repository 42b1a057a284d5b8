"""What many said distributions are best averaged by, and whether their standard error is right, on simulated noise.

A truth is drawn for each item (Dirichlet). A model says it wrongly: each order, each paraphrase and each answer moves
it (*logs*: in log space, *shares*: additively), it is said too sharply (*sharp*: to the power 1.7), it counts ten
imagined people (*counts*), or one answer in six mixes up the options (*slips*). All are rounded to multiples of 5, as
models say them. Twelve answers are asked of each item, split in several ways over questions (each under an order of
its own), paraphrases among these, and samples, and averaged by :func:`labeldist.judging.average.averaged`, linearly and
in log space. KL is that of the average with half a person in a hundred more for each label, which log space needs
anyway.

    python -m benchmarks.verbalised [ITEMS]
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from labeldist.evaluation.metric import METRICS
from labeldist.judging.average import AVERAGES, LEAST, averaged
from labeldist.judging.questions import questions

Floats = NDArray[np.float64]

SPLITS = ((12, 1, 1), (12, 3, 1), (6, 1, 2), (6, 3, 2), (3, 1, 4), (3, 3, 4), (1, 1, 12))
LABELS = 3
EXPLANATIONS = 4  # so that there are 144 orders
STEP = 0.05
ORDER, PARAPHRASE, ANSWER = 0.35, 0.35, 0.5  # standard deviations of log shares
NARROWER = 0.18  # of shares to log shares
SHARPER, PEOPLE, SLIPS = 1.7, 10, 1 / 6
WITHIN = 2  # standard errors
MANY = 2000


def main(arguments: Sequence[str]) -> int:
    """Print both tables."""
    items = int(arguments[0]) if arguments else 4000
    errors(items)
    coverage(items)
    return 0


def errors(items: int) -> None:
    """The distance of the average to the truth, by kind of noise, split and way to average."""
    print("noise  questions paraphrases samples  KL linear   log   JSD linear   log   TVD linear   log")
    for name, noise in NOISES.items():
        for split in SPLITS:
            chance = np.random.default_rng(7)
            truths = chance.dirichlet(np.ones(LABELS), items)
            said = [noise(truth, split, chance) for truth in truths]
            found = {how: np.array([mean_of(one, split, how) for one in said]) for how in AVERAGES}
            smoothed = {how: (100 * found[how] + LEAST) / (100 + LEAST * LABELS) for how in AVERAGES}
            cells = [
                f"{METRICS.get(metric).value(truths, (smoothed if metric == 'kl' else found)[how]):>10.4f}"
                for metric in ("kl", "jsd", "tvd")
                for how in AVERAGES
            ]
            print(f"{name:<10}{split[0]:>4}{split[1]:>12}{split[2]:>8}  {''.join(cells)}")


def mean_of(said: Floats, split: tuple[int, int, int], how: str) -> Floats:
    """The average of what was said."""
    return average(said, split, how)[0]


def average(said: Floats, split: tuple[int, int, int], how: str) -> tuple[Floats, Floats, Floats]:
    """The average, its standard error and its spread."""
    asked = questions(f"balanced:{split[0]}", EXPLANATIONS, LABELS, split[1])
    return averaged(said, [one.order for one in asked], [one.paraphrase for one in asked], how)


def coverage(items: int) -> None:
    """How often what ever more questions tend to is within two standard errors, of logs noise."""
    print("\naverage questions paraphrases samples   within 2 SE   mean SE / true")
    for how in AVERAGES:
        for split in ((12, 1, 1), (6, 1, 2), (12, 3, 1), (6, 3, 2), (24, 3, 1)):
            chance = np.random.default_rng(11)
            inside, said_errors, true_errors = [], [], []
            for _ in range(items):
                truth = chance.dirichlet(np.ones(LABELS))
                state = chance.bit_generator.state
                mean, error, _ = average(logs(truth, split, chance), split, how)
                chance.bit_generator.state = state
                limit = ideal(truth, split, how, chance)
                inside += (np.abs(mean - limit) <= WITHIN * error + 1e-12).tolist()
                said_errors.append((error**2).mean())
                true_errors.append(((mean - limit) ** 2).mean())
            ratio = math.sqrt(np.mean(said_errors) / np.mean(true_errors))
            print(f"{how:<9}{split[0]:>5}{split[1]:>12}{split[2]:>8}{np.mean(inside):>14.1%}{ratio:>17.2f}")


def ideal(truth: Floats, split: tuple[int, int, int], how: str, chance: np.random.Generator) -> Floats:
    """The average that very many answers tend to; with one paraphrase, those in this one."""
    own = chance.normal(0, PARAPHRASE, (split[1], LABELS))[:1] if split[1] == 1 else None
    spread = chance.normal(0, math.hypot(ORDER, ANSWER), (MANY, LABELS))
    spread += chance.normal(0, PARAPHRASE, (MANY, LABELS)) if own is None else own
    many = rounded(truth * np.exp(spread))
    if how == AVERAGES[0]:
        return many.mean(axis=0)  # type: ignore[no-any-return]
    mean = np.exp(np.log(100 * many + LEAST).mean(axis=0))
    return mean / mean.sum()  # type: ignore[no-any-return]


def moved(split: tuple[int, int, int], chance: np.random.Generator) -> Floats:
    """Effects (N, S, K) of orders, paraphrases and single answers, on log shares."""
    count, paraphrases, samples = split
    which = [one.paraphrase for one in questions(f"balanced:{count}", EXPLANATIONS, LABELS, paraphrases)]
    return (  # type: ignore[no-any-return]
        chance.normal(0, PARAPHRASE, (paraphrases, LABELS))[which][:, None]
        + chance.normal(0, ORDER, (count, 1, LABELS))
        + chance.normal(0, ANSWER, (count, samples, LABELS))
    )


def logs(truth: Floats, split: tuple[int, int, int], chance: np.random.Generator, power: float = 1.0) -> Floats:
    """Moved in log space."""
    return rounded(truth**power * np.exp(moved(split, chance)))


def shares(truth: Floats, split: tuple[int, int, int], chance: np.random.Generator) -> Floats:
    """Moved additively, and cut at 0."""
    return rounded(np.maximum(truth + NARROWER * moved(split, chance), 0) + 1e-9)


def sharp(truth: Floats, split: tuple[int, int, int], chance: np.random.Generator) -> Floats:
    """Moved in log space and said too sharply."""
    return logs(truth, split, chance, SHARPER)


def counts(truth: Floats, split: tuple[int, int, int], chance: np.random.Generator) -> Floats:
    """Ten people at a time, whose shares the order and the paraphrase moved."""
    whole = truth * np.exp(moved(split, chance))
    return chance.multinomial(PEOPLE, whole / whole.sum(axis=-1, keepdims=True)) / PEOPLE  # type: ignore[no-any-return]


def slips(truth: Floats, split: tuple[int, int, int], chance: np.random.Generator) -> Floats:
    """As in log space, but some answers mix up the options."""
    said = logs(truth, split, chance)
    mixed = chance.permuted(said, axis=-1)
    return np.where(chance.random(said.shape[:-1])[..., None] < SLIPS, mixed, said)


def rounded(weights: Floats) -> Floats:
    """Shares in multiples of a twentieth, as models say them, that sum to 1: the rest goes to the largest."""
    whole = weights / weights.sum(axis=-1, keepdims=True)
    said = np.round(whole / STEP) * STEP
    np.put_along_axis(
        said,
        whole.argmax(axis=-1)[..., None],
        np.take_along_axis(said, whole.argmax(axis=-1)[..., None], -1) + 1 - said.sum(axis=-1, keepdims=True),
        -1,
    )
    return np.clip(said, 0, 1)


NOISES: dict[str, Callable[[Floats, tuple[int, int, int], np.random.Generator], Floats]] = {
    "logs": logs,
    "shares": shares,
    "sharp": sharp,
    "counts": counts,
    "slips": slips,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
