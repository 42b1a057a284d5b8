"""From prompts to option scores: one forward pass for each distinct prompt, nothing generated.

This is the seam for faster engines: they too turn prompts into option scores, whatever they share between prompts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labeldist.core.distribution import OptionScores
from labeldist.judge.answers import AnswerTokens
from labeldist.judge.prompts import JudgePrompt
from labeldist.models.base import LanguageModel


def option_scores(
    model: LanguageModel, prompts: Sequence[JudgePrompt], labels: tuple[str, ...], answers: AnswerTokens
) -> list[OptionScores]:
    """The scores of the options of each prompt, from the logits of their first tokens.

    Where several tokens mean one option their probabilities are summed (a log-sum-exp of logits). Prompts with the
    same tokens are computed once.
    """
    if not prompts:
        return []
    wanted = [answers.of(prompt.text, prompt.answers) for prompt in prompts]
    sequences: dict[tuple[int, ...], int] = {}
    row = [sequences.setdefault((*model.encode(prompt.text),), len(sequences)) for prompt in prompts]
    # A distinct sequence shows its options in one order only, so one set of wanted tokens belongs to it.
    tokens: list[list[int]] = [[] for _ in sequences]
    for at, options in zip(row, wanted, strict=True):
        tokens[at] = [token for option in options for token in option]
    width = max(map(len, tokens))
    scores = model.next_token_scores(list(sequences), [ids + ids[-1:] * (width - len(ids)) for ids in tokens])
    return [
        OptionScores(
            labels,
            _merge(scores.logits[at], options, np.logaddexp),
            float(scores.log_total[at]),
            raw=model.capabilities.raw_logits,
            likeliest=_merge(scores.logits[at], options, np.maximum),
        )
        for at, options in zip(row, wanted, strict=True)
    ]


def _merge(logits: np.ndarray, options: Sequence[Sequence[int]], how: np.ufunc) -> tuple[float, ...]:
    """One logit per option from the logits of its tokens, which stand one option after the other."""
    ends = np.cumsum([len(option) for option in options])
    parts = np.split(logits[: ends[-1]].astype(np.float64), ends[:-1])
    return tuple(float(how.reduce(part)) for part in parts)
