"""Pooling of verbalised answers: what was said in every question, averaged; what could not be read, counted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from labeldist.core.distribution import LabelDistribution
from labeldist.core.errors import ModelError, shown
from labeldist.core.task import LETTERS
from labeldist.judging.average import LINEAR, averaged
from labeldist.judging.pool import Pooled
from labeldist.judging.questions import Asked
from labeldist.judging.verbalised import Said

# Of an item's answers; the rest would no longer stand for all orders.
MOST_UNREAD = 0.5


def pool_said(
    said: Sequence[Sequence[Said]], asked: Sequence[Asked], labels: tuple[str, ...], how: str = LINEAR
) -> Pooled:
    """One distribution of all that was said of an item: ``said[i]`` are the answers to ``asked[i]``.

    Raises :class:`ModelError` where more than half of the answers could not be read.

    >>> from labeldist.judging.orders import Order
    >>> said = [[Said((0.5, 0.5), "A: 50, B: 50")], [Said((0.9, 0.1), "A: 10, B: 90")]]
    >>> pool_said(said, [Asked(Order((), (0, 1))), Asked(Order((), (1, 0)))], ("yes", "no")).distribution.as_dict()
    {'yes': 0.7, 'no': 0.3}
    """
    unread = tuple((one.unread, one.text) for answers in said for one in answers if one.shares is None)
    every = sum(map(len, said))
    if len(unread) > MOST_UNREAD * every:
        raise _too_many(unread, every, len(labels))
    nothing = (math.nan,) * len(labels)
    shares = np.array([[one.shares or nothing for one in answers] for answers in said])
    mean, errors, spread = averaged(shares, [one.order for one in asked], [one.paraphrase for one in asked], how)
    read = [at for at, answers in enumerate(said) if any(one.shares for one in answers)]
    return Pooled(
        LabelDistribution(labels, tuple(mean.tolist())),
        tuple(errors.tolist()),
        tuple(spread.tolist()),
        1.0,
        len(read),
        paraphrases=len({asked[at].paraphrase for at in read}),
        unread=unread,
        answers=every - len(unread),
    )


def _too_many(unread: Sequence[tuple[str, str]], every: int, labels: int) -> ModelError:
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(kind for kind, _ in unread).items()))
    other = "letters" if labels <= len(LETTERS) else "words"
    return ModelError(
        f"{len(unread)} of {every} answers are not one number for each option, a hundred together ({kinds}), such as "
        f"{shown(unread[0][1], 60)}",
        hint=f"use --answers {other}, or a model that follows instructions",
    )
