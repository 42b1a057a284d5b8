"""``tag-1``, ``tag-2``, ``tag-3``: syntactic similarity, the overlap of n-grams of parts of speech."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from labeldist.evaluation.variability.ngrams import overlaps
from labeldist.evaluation.variability.similarity import Tools, similarity
from labeldist.evaluation.variability.tagger import load_tagger
from labeldist.evaluation.variability.tokens import tokens


def tags(texts: Sequence[str], tools: Tools) -> list[tuple[str, ...]]:
    """The part of speech of every token of each text, by the tagger of ``tools``.

    Raises :class:`~labeldist.core.errors.MissingExtraError` where its library is not installed.
    """
    tag = load_tagger(tools.tagger)
    return [tuple(tag(tokens(text))) for text in texts]


for n in (1, 2, 3):
    similarity(f"tag-{n}", title=f"parts of speech, {n}-grams", kind="syntactic", represent=tags, position=10 + n)(
        partial(overlaps, n=n)
    )
