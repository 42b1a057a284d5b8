"""A language model that a pool of workers computes, to the rest of labeldist like the one that it opens there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from labeldist.calls.distributed.pool import Pool
from labeldist.calls.distributed.worker import ModelDescription, Reply
from labeldist.models.base import AnswerScores, Question, Written
from labeldist.models.open import ModelOptions

# While one batch of a worker is computed, the next is made and the last one's answers are kept.
BATCHES_PER_WORKER = 2


class DistributedModel:
    """A :class:`~labeldist.models.base.LanguageModel`: each call goes to one worker, whole.

    Name, revision and all else are those of the model that a worker opened, so finished calls are found in the store
    whichever engine made them, and batches are computed as the local engine would compute them.
    """

    def __init__(self, pool: Pool, spec: str, options: ModelOptions) -> None:
        # What may be spent at servers is counted in this process, and no business of workers.
        self._spec, self._options = spec, replace(options, budget=None)
        self._pool = pool
        reply = pool.ask("portrait", self._spec, self._options)
        if reply.error is not None:
            raise reply.error
        self._portrait: ModelDescription = reply.answers[0]
        self.name = self._portrait.name
        self.revision = self._portrait.revision
        self.answer_style = self._portrait.answer_style
        self.transform = self._portrait.transform
        self.max_new_tokens = self._portrait.max_new_tokens
        self.capabilities = replace(self._portrait.capabilities, at_once=BATCHES_PER_WORKER * pool.size)

    def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
        """The scores of each question's options, all in one portion."""
        return self._portions("answer_scores", questions, {})

    def write(
        self, prompts: Sequence[str], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[Mapping[int, Written]]:
        """The reply to each prompt, all in one portion."""
        settings = {"max_new_tokens": max_new_tokens, "temperature": temperature, "seed": seed}
        return self._portions("write", prompts, settings)

    def _portions(
        self, method: str, asked: Sequence[str] | Sequence[Question], settings: Mapping[str, Any]
    ) -> Iterator[Mapping[int, Any]]:
        reply: Reply = self._pool.ask("ask", self._spec, self._options, self._portrait, method, asked, settings)
        if reply.answers:
            yield reply.answers
        if reply.error is not None:
            raise reply.error
