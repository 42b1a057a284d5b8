"""Evidence from texts: of which kinds, of which items, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from labeldist.core.errors import InputError
from labeldist.estimation.observations import EvidenceArray, Observations
from labeldist.estimation.texts.crossfit import cross_fitted
from labeldist.estimation.texts.folds import FOLDS, Groups, groups
from labeldist.estimation.texts.gathered import MOST_ITEMS, GatheredTexts

NAME = "text"  # of evidence by n-grams; text:ENCODER is by a sentence encoder
LEAST = 200  # labelled items from which on texts are read unasked
LEAST_NAMED = 4 * FOLDS  # and where they are asked for


def is_text(spec: str) -> bool:
    """Whether this names evidence from texts.

    >>> is_text("text"), is_text("text:minilm"), is_text("texts.jsonl")
    (True, True, False)
    """
    return spec == NAME or (spec.startswith(f"{NAME}:") and spec != f"{NAME}:")


def with_texts(
    observed: Observations, texts: GatheredTexts, specs: Sequence[str] | None, seed: int
) -> tuple[Observations, str]:
    """``observed`` with the evidence that ``specs`` name beside what it has, and what to say of it.

    Without ``specs`` that of n-grams is taken wherever it can be. Raises :class:`InputError` where what is named cannot
    be made.
    """
    names = (NAME,) if specs is None else tuple(dict.fromkeys(specs))
    labelled = int(observed.counts.any(axis=1).sum())
    whole = groups(texts.fields, texts.columns) if texts.fields else None
    wrong = _hindrance(observed, texts, labelled, whole, names, LEAST if specs is None else LEAST_NAMED)
    if wrong is None:
        assert whole is not None
        made = tuple(_evidence(name, observed, texts, whole, seed) for name in names)
        return replace(observed, evidence=(*observed.evidence, *made)), _told(names, texts, labelled, whole)
    if specs is not None:
        raise wrong
    return observed, f"Texts have no part: {wrong.message}." if texts.columns else ""


def _hindrance(
    observed: Observations,
    texts: GatheredTexts,
    labelled: int,
    whole: Groups | None,
    names: Sequence[str],
    least: int,
) -> InputError | None:
    """Why there can be no such evidence."""
    taken = [one.name for one in observed.evidence if one.name in names]
    if taken:
        return InputError(
            f"other evidence named {taken[0]!r}",
            expected="that name to be free for what is learnt from texts",
            hint="rename the evidence, or use --no-texts (texts=False)",
        )
    if not texts.columns:
        return InputError("no column of texts", expected="items with texts of several words", hint=HINT)
    if texts.too_many:
        return InputError(f"{texts.items:,} items", expected=f"at most {MOST_ITEMS:,} where texts are read", hint=HINT)
    if labelled < least:
        return InputError(
            f"{labelled:,} items with labels", expected=f"at least {least} to learn from their texts", hint=HINT
        )
    if whole is None:
        return InputError(
            "nearly all items linked by texts that they share",
            expected="items that can be foretold from others, with other texts",
            hint=HINT,
        )
    return None


HINT = "leave it out, or give evidence from a file"


def _evidence(name: str, observed: Observations, texts: GatheredTexts, whole: Groups, seed: int) -> EvidenceArray:
    features = _features(name, texts)
    return EvidenceArray(name, cross_fitted(features, observed.counts, whole.of, seed).distribution, False)


def _features(name: str, texts: GatheredTexts) -> Any:
    if name == NAME:
        from labeldist.estimation.texts.ngrams import ngram_features

        return ngram_features(texts.fields)
    from labeldist.estimation.texts.embedded import embedded_features

    return embedded_features(texts.fields, name.removeprefix(f"{NAME}:"))


def _told(names: Sequence[str], texts: GatheredTexts, labelled: int, whole: Groups) -> str:
    linked = int(np.bincount(whole.of).max()) > 1
    alike = f" Items that share {f'a text of {whole.by!r}' if whole.by else 'a text'} were in one part." * linked
    return (
        f"Learnt from texts ({', '.join(texts.columns)}): {', '.join(names)}, of {labelled:,} labelled items in "
        f"{FOLDS} parts, each foretold from the labels of the others.{alike}"
    )
