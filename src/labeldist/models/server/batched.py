"""A served model whose questions go in batches: each is answered from results that are there, or noted to be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from labeldist.core.errors import ModelError, UnavailableError, UsageError
from labeldist.models.base import AnswerScores, Capabilities, NotYetError, Question, UnansweredError
from labeldist.models.batch import IN_BATCHES, Asked, Batch, Desk, Outcome, Reserved, Result
from labeldist.models.budget import Budget
from labeldist.models.open import ModelOptions
from labeldist.models.server.abilities import SHORT, Abilities, new_tokens_of
from labeldist.models.server.asking import Asking
from labeldist.models.server.batch_lines import FOR_GOOD, body_of, key_of, line_of, result_of
from labeldist.models.server.connection import Connection
from labeldist.models.server.endpoint import Endpoint
from labeldist.models.server.failures import MalformedError
from labeldist.models.server.identity import Identity, Program
from labeldist.models.server.model import THOUGHTS, ServerModel, Slot, open_server
from labeldist.models.server.patience import Patience
from labeldist.models.server.probe import MOST_LISTED
from labeldist.models.server.provider import Provider
from labeldist.models.server.reply import failure_of
from labeldist.models.server.scores import Usage

R = TypeVar("R")
# A question that fails so often, in as many batches, is given up for this time.
TRIES = 3
AGAIN = "the same command asks it anew"
PROBED = "questions go in batches; the few that look at the endpoint were asked at once, at the ordinary price"


class BatchAsking(Asking):
    """Answers a request from the desk, or puts it there. Used by one thread.

    ``used``: the keys of the answers that it gave. ``over``: why nothing more is collected: the budget is spent.
    """

    def __init__(self, connection: Connection, patience: Patience, budget: Budget) -> None:
        super().__init__(connection, patience, budget, 1)
        self.identity = ""
        self.desk: Desk | None = None
        self.gathering = False
        self.used: list[str] = []
        self.over: UnavailableError | None = None
        self.budget = budget
        self._settled: set[tuple[str, int]] = set()

    def answer(
        self,
        path: str,
        body: dict[str, Any],
        read: Callable[[Any], R],
        *,
        prompt: str,
        new_tokens: int,
        again: int = 0,
    ) -> tuple[R, Usage]:
        """What ``read`` makes of the answer to ``body`` that a batch brought; ``again`` as of a key.

        Raises :class:`NotYetError` where none has come yet, :class:`ModelError` where none will, and
        :class:`UnavailableError` where the budget is spent.
        """
        assert self.desk is not None, "opened to ask in batches, and asked without a desk"
        name, key = self.connection.endpoint.name, key_of(self.identity, path, body, again)
        outcome = self.desk.outcome(key)
        if outcome is not None and outcome.state == "good":
            try:
                return self._read(key, outcome, read, prompt)
            except MalformedError as error:
                self.malformed[str(error)] += 1
                self.desk.fail(key, f"a malformed answer: {error}", "failed")
                outcome = self.desk.outcome(key)
        if outcome is not None and (outcome.state == "refused" or outcome.tries >= TRIES):
            raise ModelError(f"{name}: {outcome.reason}", hint=AGAIN)
        if self.gathering and (outcome is None or outcome.state == "failed"):
            self._collect(Asked(key, name, path, line_of(key, path, body), (0, 0)), prompt, new_tokens)
        if not self.gathering and self.over is not None:
            raise UnavailableError(self.over.message, hint=self.over.hint)
        raise NotYetError(f"{name} has not answered this question yet", hint=AGAIN)

    def settle(self, key: str, outcome: Outcome, usage: Usage) -> None:
        """Count what an answer took; once, however often it is read, and not what was paid for by hand."""
        once = (key, outcome.tries)
        if outcome.reserved is not None and once not in self._settled:
            self._settled.add(once)
            self.budget.settle(outcome.reserved, usage.prompt_tokens, usage.new_tokens)

    def _collect(self, asked: Asked, prompt: str, new_tokens: int) -> None:
        assert self.desk is not None
        if self.over is not None or self.desk.is_collected(asked.key):
            return
        try:
            reserved = self.budget.reserve(prompt, new_tokens)
        except UnavailableError as error:
            self.over = error
            return
        self.desk.collect(asked._replace(reserved=reserved))

    def _read(self, key: str, outcome: Outcome, read: Callable[[Any], R], prompt: str) -> tuple[R, Usage]:
        assert self.desk is not None
        answer = body_of(outcome.answer)
        told = failure_of(answer)
        usage = Usage.of(answer, prompt)
        self.settle(key, outcome, usage)
        if told is not None:
            reason = self.connection.hide(told.text)
            if told.meaning not in FOR_GOOD:
                raise MalformedError(reason)
            self.desk.fail(key, reason, "refused")
            raise ModelError(f"{self.connection.endpoint.name}: {reason}", hint=AGAIN)
        try:
            found = read(answer)
        except ModelError as error:
            self.desk.fail(key, error.in_a_line, "refused")
            raise
        self.used.append(key)
        return found, usage


class BatchedModel(ServerModel):
    """A :class:`~labeldist.models.batch.Batched` model: the served one, asked in the same words, but not at once."""

    _asking: BatchAsking
    paid_as = IN_BATCHES

    def __init__(
        self, endpoint: Endpoint, asking: BatchAsking, abilities: Abilities, options: ModelOptions, patience: Patience
    ) -> None:
        style = "letters" if options.style == "auto" else options.style
        super().__init__(endpoint, asking, abilities, style=style, samples=options.samples, most=1)
        self.batch = options.batch or Batch()
        self._endpoint = endpoint
        self._patience = patience
        asking.identity = f"{self.name} {self.revision}"

    @property
    def over(self) -> UnavailableError | None:
        """Why nothing more is collected."""
        return self._asking.over

    @property
    def capabilities(self) -> Capabilities:
        """Those of the served model; one call at a time, since nobody is waited for."""
        return replace(super().capabilities, at_once=1)

    def attach(self, desk: Desk) -> None:
        """Ask and answer there from now on."""
        self._asking.desk = desk

    def gather(self, on: bool) -> None:
        """Whether what is not known is collected."""
        self._asking.gathering = on

    def recall(self, reserved: Reserved) -> None:
        """Count what an earlier command asked."""
        self._asking.budget.recall(reserved)

    def give_back(self, reserved: Reserved) -> None:
        """Count what was not answered."""
        self._asking.budget.fail(reserved, computed=False)

    def result(self, line: bytes) -> Result | None:
        """What a line of results says."""
        return result_of(line, self.connection.hide)

    def carrier(self) -> Provider:
        """The way to the provider."""
        return Provider(self._endpoint, self._patience)

    def _answered(self, ask: Callable[[int, Slot], R], prompts: Sequence[str], usual: int) -> Iterator[Mapping[int, R]]:
        """All that is known, at once: whoever comes back for more has stored it."""
        found: dict[int, R] = {}
        errors: dict[int, ModelError] = {}
        used: list[str] = []
        for at in sorted(range(len(prompts)), key=prompts.__getitem__):
            self._asking.used = []
            try:
                found[at] = ask(at, {})
            except ModelError as error:
                errors[at] = error
            else:
                used += self._asking.used
        if found:
            yield found
        if used and self._asking.desk is not None:
            self._asking.desk.taken(used)
        if errors:
            raise UnansweredError(errors)

    def _sampled(self, question: Question, slot: Slot) -> AnswerScores:
        """As of the served model; all draws that are still to come are collected together.

        A server that has given fewer than it was asked for is not asked for more at a time again.
        """
        drawn: list[str] = []
        before = new = coming = asked = 0
        at_a_time = self._choices
        waiting: NotYetError | None = None
        read = self._reader(question.prompt, self.abilities.taken.new_tokens(self.abilities.room), THOUGHTS)
        while len(drawn) + coming < self._samples:
            count = min(self._samples - len(drawn) - coming, at_a_time)
            body = self.abilities.draws(self._model, question.prompt, count) | slot
            asked += 1
            try:
                got, usage = self._asking.answer(
                    self.abilities.path,
                    body,
                    read,
                    prompt=question.prompt,
                    new_tokens=new_tokens_of(body),
                    again=asked - 1,
                )
            except NotYetError as error:
                waiting, coming = error, coming + count
                continue
            drawn += got[:count]
            at_a_time = at_a_time if len(got) >= count else len(got)
            before, new = before + usage.prompt_tokens, new + usage.new_tokens
        if waiting is not None:
            raise waiting
        return self._of_drawn(question, drawn, before, new)


def open_batched(endpoint: Endpoint, options: ModelOptions, patience: Patience | None = None) -> BatchedModel:
    """The model at ``endpoint``, to be asked in batches.

    What it can do is found out with a few questions at once, as ever; by hand it is assumed, and nobody is asked.
    """
    batch = options.batch or Batch()
    patience = patience or Patience(timeout=options.timeout)
    budget = options.budget or Budget()
    if batch.by_hand:
        connection = Connection(endpoint, None, patience, 1)
        abilities = assumed(endpoint, options)
    else:
        live = open_server(endpoint, replace(options, budget=budget), patience)
        connection, abilities = live.connection, live.abilities
        abilities = replace(abilities, notes=(*abilities.notes, PROBED))
    return BatchedModel(endpoint, BatchAsking(connection, patience, budget), abilities, options, patience)


def assumed(endpoint: Endpoint, options: ModelOptions) -> Abilities:
    """What an endpoint that nobody asks is taken for.

    Chats, with log-probabilities of 20 tokens, as OpenAI and vLLM have them, unless answers are to be drawn; a model
    that thinks first where there is to be room for thoughts.

    >>> from labeldist.models.server.endpoint import read_endpoint
    >>> assumed(read_endpoint("m@http://localhost:8000"), ModelOptions()).listing()
    {'logprobs': True, 'top_logprobs': 20}
    """
    if options.scores == "exact":
        raise UsageError(
            "exact scores in batches by hand: they take token ids, which only a server can tell",
            hint="use --scores top or sampled",
        )
    limit = "max_completion_tokens" if endpoint.openai else "max_tokens"
    room = options.thought_tokens
    if options.scores == "sampled" or room:
        how = f"{options.samples} drawn answers"
        found = Abilities(limit=limit, reasons=bool(room), room=room or SHORT)
    else:
        how = f"log-probabilities of the {MOST_LISTED[0]} likeliest tokens"
        found = Abilities(scores="top", limit=limit, listed=MOST_LISTED[0])
    note = f"nothing was asked of the server: chats, {how} and the field {limit} are assumed"
    program: Program = "openai" if endpoint.openai else "vllm"
    return replace(found, identity=Identity(program=program), notes=(note,))
