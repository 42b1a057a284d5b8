"""The model behind an endpoint: questions and prompts to requests, answers to scores and texts."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from labeldist.core.errors import ModelError, shown
from labeldist.models.answers import AnswerTokens
from labeldist.models.base import AnswerScores, Capabilities, Question, Written
from labeldist.models.budget import Budget
from labeldist.models.open import ModelOptions
from labeldist.models.server.asking import Asking
from labeldist.models.server.connection import Connection
from labeldist.models.server.endpoint import Endpoint
from labeldist.models.server.failures import MalformedError
from labeldist.models.server.key import key_for
from labeldist.models.server.parallel import answered
from labeldist.models.server.patience import Patience
from labeldist.models.server.probe import PROMPT, SHORT, THOUGHT, Abilities, probe
from labeldist.models.server.scores import Listed, Usage, exact, listed, sampled, texts, top
from labeldist.models.server.tokens import ServerTokenizer

# Before anything is known of a server, two more tries tell enough.
PROBING = 2
# While one batch waits for its last answers, the next is under way.
BATCHES_AT_ONCE = 2
SAMPLES_PER_REQUEST = 128
RUNNING = "is it running, and is that the address of an OpenAI-compatible server? It often ends in /v1"


class ServerModel:
    """A :class:`~labeldist.models.base.LanguageModel` behind an endpoint; ``abilities`` say how it is asked."""

    answer_style: str

    def __init__(
        self, endpoint: Endpoint, asking: Asking, abilities: Abilities, *, style: str, samples: int, most: int
    ) -> None:
        self.name = endpoint.name
        self.abilities = abilities
        self.answer_style = style
        self._model = endpoint.model
        self._asking = asking
        self._samples = samples
        self._most = most
        self._tokenizing = threading.Lock()
        self._tokens = AnswerTokens(ServerTokenizer(asking.connection, chat=abilities.chat))

    @property
    def revision(self) -> str:
        """How it is asked, and the weights as far as the server names them: it may change them unseen."""
        drawn = f":{self._samples}" if self.abilities.scores == "sampled" else ""
        way = "chat" if self.abilities.chat else "completions"
        return " ".join(filter(None, (way, f"{self.abilities.scores}{drawn}", self.abilities.served)))

    @property
    def transform(self) -> str:
        """As published, log-probabilities differing from logits by a constant; frequencies as they are."""
        return "softmax:1" if self.abilities.scores == "sampled" else "softmax:20"

    @property
    def max_new_tokens(self) -> int:
        """As published, with room for thoughts where the model has some."""
        return THOUGHT if self.abilities.reasons else 256

    @property
    def capabilities(self) -> Capabilities:
        """Log-probabilities, or not even these; never raw logits."""
        kind = self.abilities.scores
        return Capabilities(
            raw_logits=False,
            at_once=BATCHES_AT_ONCE,
            scores=f"sampled:{self._samples}" if kind == "sampled" else kind,
            notes=self.abilities.notes,
        )

    @property
    def connection(self) -> Connection:
        """Where requests go."""
        return self._asking.connection

    @property
    def repeated(self) -> int:
        """How many requests had to be made again so far."""
        return self._asking.repeated

    def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
        """The scores of each question's options as they come; questions that begin alike are asked one after another.

        That is what a server's prefix cache needs: it has the shared beginning when the others come.
        """
        ask = {"exact": self._exact, "top": self._top, "sampled": self._sampled}[self.abilities.scores]
        order = sorted(range(len(questions)), key=lambda at: questions[at].prompt)
        return answered(lambda at: ask(questions[at]), order, self._most)

    def write(
        self, prompts: Sequence[str], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[Mapping[int, Written]]:
        """The reply to each prompt as it comes. Whether a seed repeats a text is up to the server."""

        def ask(at: int) -> Written:
            return self._written(prompts[at], max_new_tokens, temperature, seed)

        order = sorted(range(len(prompts)), key=lambda at: prompts[at])
        return answered(ask, order, self._most)

    def answer_tokens(self, question: Question) -> tuple[tuple[int, ...], ...]:
        """The tokens that begin each option; asked of the server once for prompts that end alike."""
        with self._tokenizing:
            return self._asking.patiently(lambda: self._tokens.of(question.prompt, question.answers))

    def _exact(self, question: Question) -> AnswerScores:
        tokens = self.answer_tokens(question)
        flat = [token for option in tokens for token in option]
        found, usage = self._first_token(question.prompt, self.abilities.chosen(flat))
        try:
            return exact(found, tokens, usage)
        except MalformedError as error:  # cannot be: the reader has checked it
            raise ModelError(f"{self.name}: {error}") from None

    def _top(self, question: Question) -> AnswerScores:
        found, usage = self._first_token(question.prompt, self.abilities.listing())
        return top(found, question.answers, usage)

    def _first_token(self, prompt: str, fields: dict[str, Any]) -> tuple[Listed, Usage]:
        wanted = {f"token_id:{token}" for token in fields.get("logprob_token_ids", ())}

        def read(answer: Any) -> Listed:
            found = listed(answer)
            if not wanted <= found.tokens.keys():
                raise MalformedError("not all the log-probabilities that were asked for")
            return found

        body = self.abilities.body(self._model, prompt, 1, 1.0, **fields)
        return self._asking.answer(self.abilities.path, body, read, prompt=prompt, new_tokens=1)

    def _sampled(self, question: Question) -> AnswerScores:
        """Draw until there are enough answers: some servers give one at a time, whatever they are asked for."""
        most = THOUGHT if self.abilities.reasons else SHORT
        drawn: list[str] = []
        before = new = 0
        while len(drawn) < self._samples:
            count = min(self._samples - len(drawn), SAMPLES_PER_REQUEST)
            body = self.abilities.body(self._model, question.prompt, most, 1.0, n=count)
            got, usage = self._asking.answer(
                self.abilities.path, body, texts, prompt=question.prompt, new_tokens=most * count
            )
            drawn += [text for text, _ in got[:count]]
            before, new = before + usage.prompt_tokens, new + usage.new_tokens
        return sampled(drawn, question.answers, before, new)

    def _written(self, prompt: str, max_new_tokens: int, temperature: float, seed: int) -> Written:
        more: dict[str, Any] = {}
        if temperature:
            more = {"top_p": 1.0, "seed": _seed(seed, prompt)}
        if self.abilities.scores == "exact":
            # vLLM fills what it is not told from the model's own settings, which may penalise or cut.
            more |= {"top_p": 1.0, "top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
        body = self.abilities.body(self._model, prompt, max_new_tokens, temperature, **more)
        got, usage = self._asking.answer(self.abilities.path, body, texts, prompt=prompt, new_tokens=max_new_tokens)
        text, ended = got[0]
        if not text.strip() and ended == "length":
            raise ModelError(
                f"{self.name} used up {max_new_tokens} new tokens before it began its answer to {shown(prompt, 40)}",
                hint="give it more with --max-new-tokens: it seems to reason first",
            )
        return Written(self._asking.connection.hide(text).strip(), usage.prompt_tokens, usage.new_tokens)


def open_server(endpoint: Endpoint, options: ModelOptions, patience: Patience | None = None) -> ServerModel:
    """The model at ``endpoint``, after a look at what it can do: one or two short requests.

    Raises :class:`~labeldist.core.errors.UsageError` and :class:`~labeldist.core.errors.UnavailableError` as
    :func:`~labeldist.models.server.probe.probe` does.
    """
    patience = patience or Patience(timeout=options.timeout)
    connection = Connection(endpoint, key_for(endpoint), patience, options.concurrency)
    budget = options.budget or Budget()
    probing = Asking(connection, replace(patience, retries=min(PROBING, patience.retries)), budget, 1, hint=RUNNING)
    abilities = probe(probing, options.scores)
    asking = Asking(connection, patience, budget, options.concurrency)
    asking.known = (abilities.path, abilities.body(endpoint.model, PROMPT, SHORT, 1.0), PROMPT, SHORT)
    return ServerModel(
        endpoint,
        asking,
        abilities,
        style="letters" if options.style == "auto" else options.style,
        samples=options.samples,
        most=options.concurrency,
    )


def _seed(seed: int, prompt: str) -> int:
    """31 bits from a seed of any size and a prompt: prompts that are asked together must not share their chance."""
    return int.from_bytes(hashlib.sha256(f"{seed} {prompt}".encode()).digest()[:4], "big") >> 1
