"""What backends share that compute here: they see tokens, so questions become sequences and answers token ids."""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from labeldist.models.answers import AnswerTokens
from labeldist.models.base import AnswerScores, Question, Written

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TokenScores:
    """Scores of chosen next tokens for n sequences.

    ``logits``: (n, m) float32, raw logits of the m tokens asked for. ``log_total``: (n,) float32, log-sum-exp over
    the whole vocabulary.
    """

    logits: NDArray[np.float32]
    log_total: NDArray[np.float32]


class TokenModel(ABC):
    """A :class:`~labeldist.models.base.LanguageModel` over token sequences.

    Rendering and tokenizing happen in :meth:`encode` and nowhere else, so a sequence has exactly one
    beginning-of-sequence token.
    """

    name: str
    _answers: AnswerTokens | None = None

    @abstractmethod
    def encode(self, prompt: str, reply: str = "") -> list[int]:
        """Token ids of ``prompt`` as the user's turn, followed by the beginning ``reply`` of the model's turn."""

    @abstractmethod
    def next_token_scores(self, sequences: Sequence[Sequence[int]], tokens: Sequence[Sequence[int]]) -> TokenScores:
        """For each of n sequences the scores of ``tokens[i]`` (m ids) as the next token."""

    @abstractmethod
    def generate(
        self, sequences: Sequence[Sequence[int]], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> list[str]:
        """Continue each sequence and return the new text; greedy at temperature 0, repeatable for a seed."""

    def generated(
        self, sequences: Sequence[Sequence[int]], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[Mapping[int, str]]:
        """The same texts by the place of their sequence, each as soon as it is there; or all at once."""
        texts = self.generate(sequences, max_new_tokens=max_new_tokens, temperature=temperature, seed=seed)
        yield dict(enumerate(texts))

    def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
        """The scores of each question's options, all in one portion, from the logits of their first tokens.

        Questions with the same prompt and tokens are computed once.
        """
        if not questions:
            return
        self._answers = self._answers or AnswerTokens(self)
        wanted = [self._answers.of(question.prompt, question.answers) for question in questions]
        asked: dict[tuple[str, tuple[int, ...]], int] = {}
        row = [
            asked.setdefault((question.prompt, tuple(chain.from_iterable(options))), len(asked))
            for question, options in zip(questions, wanted, strict=True)
        ]
        width = max(len(tokens) for _, tokens in asked)
        padded = [tokens + tokens[-1:] * (width - len(tokens)) for _, tokens in asked]
        sequences = [self.encode(prompt) for prompt, _ in asked]
        scores = self.next_token_scores(sequences, padded)
        logits, totals = scores.logits.tolist(), scores.log_total.tolist()
        yield {
            place: _merged(logits[at], totals[at], options, len(sequences[at]))
            for place, (at, options) in enumerate(zip(row, wanted, strict=True))
        }

    def write(
        self, prompts: Sequence[str], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[Mapping[int, Written]]:
        """The reply to each prompt, in portions as the model has them."""
        sequences = [self.encode(prompt) for prompt in prompts]
        empty = len(self.encode(""))
        for portion in self.generated(sequences, max_new_tokens=max_new_tokens, temperature=temperature, seed=seed):
            yield {
                at: Written(text, len(sequences[at]), len(self.encode("", text)) - empty)
                for at, text in portion.items()
            }


def _merged(
    found: Sequence[float], log_total: float, options: Sequence[Sequence[int]], prompt_tokens: int
) -> AnswerScores:
    """One score per option from the logits ``found`` of its tokens, which stand one option after the other.

    In plain numbers: of so few, arrays would take twenty times as long. What is no number stays none, for whoever keeps
    scores to refuse.
    """
    sums, most, begin = [], [], 0
    for option in options:
        part = found[begin : begin + len(option)]
        begin += len(option)
        sums.append(functools.reduce(_log_sum, part))
        most.append(max(part))
    return AnswerScores(tuple(sums), tuple(most), log_total, prompt_tokens)


def _log_sum(one: float, other: float) -> float:
    """log(exp(one) + exp(other)), as numpy's ``logaddexp`` has it.

    >>> _log_sum(0.0, 0.0) == math.log(2), _log_sum(-math.inf, 1.0)
    (True, 1.0)
    """
    if one == other:
        return one + math.log(2)
    apart = one - other
    return one + math.log1p(math.exp(-apart)) if apart > 0 else other + math.log1p(math.exp(apart))
