"""The model behind an endpoint: questions and prompts to requests, answers to scores and texts."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from labeldist.core.errors import ModelError, shown
from labeldist.models.answers import AnswerTokens
from labeldist.models.base import AnswerScores, Capabilities, Question, Written
from labeldist.models.budget import Budget
from labeldist.models.open import ModelOptions
from labeldist.models.server.abilities import TEXT, Abilities, new_tokens_of
from labeldist.models.server.asking import Asking
from labeldist.models.server.connection import Connection
from labeldist.models.server.endpoint import Endpoint
from labeldist.models.server.failures import MalformedError, RefusedError
from labeldist.models.server.key import key_for
from labeldist.models.server.listing import Listed, begins_with_thought, listed
from labeldist.models.server.parallel import answered, answered_in_parts
from labeldist.models.server.patience import Patience
from labeldist.models.server.probe import probe
from labeldist.models.server.reply import Reply, replies
from labeldist.models.server.scores import Answers, Usage, exact, named, sampled, top
from labeldist.models.server.taken import remedy
from labeldist.models.server.tokens import ServerTokenizer

logger = logging.getLogger(__name__)
R = TypeVar("R")
# The fields that send a request to one of the server's slots; none where it has none to choose.
Slot = dict[str, Any]
# As many tokens as OpenAI and vLLM list.
USUAL_LIST = 20
# Before anything is known of a server, two more tries tell enough.
PROBING = 2
# Requests under way, where the user says nothing else.
AT_ONCE = 16
# While one batch waits for its last answers, the next is under way.
BATCHES_AT_ONCE = 2
SAMPLES_PER_REQUEST = 128
# Bytes of a text as JSON: the answers for 24 labels stand on one line, of which the reader takes five million bytes.
LONGEST_TEXT = 200_000
TEXTS, THOUGHTS = "--max-new-tokens", "--thought-tokens"
RUNNING = "is it running, and is that the address of an OpenAI-compatible server? It often ends in /v1"


class ServerModel:
    """A :class:`~labeldist.models.base.LanguageModel` behind an endpoint; ``abilities`` say how it is asked."""

    answer_style: str

    def __init__(
        self, endpoint: Endpoint, asking: Asking, abilities: Abilities, *, style: str, samples: int, most: int | None
    ) -> None:
        self.name = endpoint.name
        self.abilities = abilities
        self.answer_style = style
        self._model = endpoint.model
        self._asking = asking
        self._samples = samples
        self._wanted = most
        self._slots = abilities.identity.at_once
        self._choices = abilities.taken.choices or SAMPLES_PER_REQUEST
        self._tokenizing = threading.Lock()
        self._tokens = AnswerTokens(ServerTokenizer(asking.connection, chat=abilities.chat))

    @property
    def revision(self) -> str:
        """How it is asked, and the weights as far as the server names them: it may change them unseen."""
        drawn = f":{self._samples}" if self.abilities.scores == "sampled" else ""
        way = "chat" if self.abilities.chat else "completions"
        able = self.abilities
        longer = f":{able.most_listed or able.listed}" if able.scores == "top" and able.listed > USUAL_LIST else ""
        return " ".join(filter(None, (way, f"{able.scores}{drawn}{longer}", able.revision, able.identity.weights)))

    @property
    def transform(self) -> str:
        """As published, log-probabilities differing from logits by a constant; frequencies as they are."""
        return "softmax:1" if self.abilities.scores == "sampled" else "softmax:20"

    @property
    def max_new_tokens(self) -> int:
        """As published, with room for thoughts where the model has some."""
        return max(TEXT, self.abilities.room) if self.abilities.reasons else TEXT

    @property
    def capabilities(self) -> Capabilities:
        """Log-probabilities, or not even these; never raw logits."""
        kind = self.abilities.scores
        return Capabilities(
            raw_logits=False,
            at_once=BATCHES_AT_ONCE if self._slots is None else 1,
            scores=f"sampled:{self._samples}" if kind == "sampled" else kind,
            notes=(*self.abilities.notes, *self._malformed()),
        )

    @property
    def connection(self) -> Connection:
        """Where requests go."""
        return self._asking.connection

    @property
    def repeated(self) -> int:
        """How many requests had to be made again so far."""
        return self._asking.repeated

    def stop(self, *, at_once: bool = False) -> None:
        """No request more for the calls under way; ``at_once``: give up those that have been sent, too."""
        self._asking.stop()
        if at_once:
            self._asking.connection.cancel()

    def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
        """The scores of each question's options as they come; questions that begin alike are asked one after another.

        That is what a server's prefix cache needs: it has the shared beginning when the others come.
        """
        ask = {"exact": self._exact, "top": self._top, "sampled": self._sampled}[self.abilities.scores]
        prompts = [one.prompt for one in questions]
        # Several slots would compute more of what prompts share; and alone, answers repeat to the last bit.
        return self._answered(lambda at, slot: ask(questions[at], slot), prompts, usual=1)

    def write(
        self, prompts: Sequence[str], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[Mapping[int, Written]]:
        """The reply to each prompt as it comes. Whether a seed repeats a text is up to the server."""

        def ask(at: int, slot: Slot) -> Written:
            return self._written(prompts[at], slot, max_new_tokens, temperature, seed)

        return self._answered(ask, prompts, usual=AT_ONCE)

    def _answered(self, ask: Callable[[int, Slot], R], prompts: Sequence[str], usual: int) -> Iterator[Mapping[int, R]]:
        """What ``ask`` gives for each prompt by its place, those that begin alike one after another.

        A slot of llama.cpp keeps its last prompt and no other, so each gets a part of the sorted prompts to itself.
        ``usual``: how many slots, where the user wants no other number.
        """
        order = sorted(range(len(prompts)), key=prompts.__getitem__)
        if self._slots is None:
            return answered(lambda at: ask(at, {}), order, self._wanted or AT_ONCE)
        program = self.abilities.identity.program
        # Whoever runs Ollama may know of more slots than it tells of.
        count = self._wanted if self._wanted and program == "ollama" else min(self._wanted or usual, self._slots)
        pinned = program == "llama.cpp"
        return answered_in_parts(lambda at, part: ask(at, {"id_slot": part} if pinned else {}), order, count)

    def answer_tokens(self, question: Question) -> tuple[tuple[int, ...], ...]:
        """The tokens that begin each option; asked of the server once for prompts that end alike."""
        with self._tokenizing:
            return self._asking.patiently(lambda: self._tokens.of(question.prompt, question.answers))

    def _malformed(self) -> list[str]:
        """What to say of answers that could not be used as they were."""
        found = self._asking.malformed
        if not found:
            return []
        [(most, _)] = found.most_common(1)
        return [f"{found.total():,} answers were malformed and asked for again: {most}"]

    def _exact(self, question: Question, slot: Slot) -> AnswerScores:
        tokens = self.answer_tokens(question)
        flat = [token for option in tokens for token in option]
        found, usage = self._first_token(question.prompt, self.abilities.chosen(flat) | slot, None)
        try:
            return exact(found, tokens, usage)
        except MalformedError as error:  # cannot be: the reader has checked it
            raise ModelError(f"{self.name}: {error}") from None

    def _top(self, question: Question, slot: Slot) -> AnswerScores:
        """From a short list; from the longest where some option is not in that."""
        answers = question.answers
        spent = Usage(0, 0)
        for most in filter(None, (self.abilities.listed, self.abilities.most_listed)):
            fields = self.abilities.listing(most) | slot
            found, usage = self._first_token(question.prompt, fields, most, answers)
            spent = Usage(spent.prompt_tokens + usage.prompt_tokens, spent.new_tokens + usage.new_tokens)
            scores = top(found, answers, spent, self.name)
            if not scores.unlisted:
                break
        return scores

    def _first_token(
        self, prompt: str, fields: dict[str, Any], most: int | None, options: Answers = ()
    ) -> tuple[Listed, Usage]:
        wanted = {f"token_id:{token}".encode() for token in fields.get("logprob_token_ids", ())}

        def read(answer: Any) -> Listed:
            if begins_with_thought(answer):
                raise ModelError(
                    f"{self.name} begins to think before it answers {shown(prompt[-60:], 70)}, so the first token "
                    "says nothing of its answer",
                    hint="use --scores sampled, with --thought-tokens 4096 for room, or tell the model not to think",
                )
            found = listed(answer, most, options)
            if not wanted <= {token.data for token in found.tokens}:
                raise MalformedError("not all the log-probabilities that were asked for")
            return found

        body = self.abilities.body(self._model, prompt, 1, 1.0, **fields)
        return self._asking.answer(self.abilities.path, body, read, prompt=prompt, new_tokens=new_tokens_of(body))

    def _sampled(self, question: Question, slot: Slot) -> AnswerScores:
        """Draw until there are enough answers: some servers give one at a time, whatever they are asked for.

        One that was cut off in its thoughts fails the question: long thoughts and some answers go together, so the
        others alone would be biased. Where no answer names an option, nothing is known, which is no distribution.
        """
        drawn: list[str] = []
        before = new = 0
        while len(drawn) < self._samples:
            count = min(self._samples - len(drawn), self._choices)
            body = self.abilities.draws(self._model, question.prompt, count) | slot
            read = self._reader(question.prompt, self.abilities.taken.new_tokens(self.abilities.room), THOUGHTS)
            try:
                got, usage = self._asking.answer(
                    self.abilities.path, body, read, prompt=question.prompt, new_tokens=new_tokens_of(body)
                )
            except RefusedError as refusal:
                # How many come at a time changes no answer, so it can be learnt as late as this.
                other = remedy(self.abilities.taken, refusal, body) if "n" in body else None
                if other is None or other.choices is None or other.choices >= count:
                    raise
                self._choices = other.choices
                continue
            drawn += got[:count]
            before, new = before + usage.prompt_tokens, new + usage.new_tokens
        return self._of_drawn(question, drawn, before, new)

    def _of_drawn(self, question: Question, drawn: Sequence[str], before: int, new: int) -> AnswerScores:
        if all(named(text, question.answers) is None for text in drawn):
            raise ModelError(
                f"{self.name}: none of {len(drawn)} drawn answers names an option; the first is {shown(drawn[0], 40)}",
                hint="use --answers words or verbalised, or --thought-tokens 4096 where it thinks first",
            )
        return sampled(drawn, question.answers, before, new)

    def _written(self, prompt: str, slot: Slot, max_new_tokens: int, temperature: float, seed: int) -> Written:
        body = self.abilities.text(self._model, prompt, max_new_tokens, temperature, seed) | slot
        read = self._reader(prompt, self.abilities.writing.new_tokens(max_new_tokens), TEXTS)
        got, usage = self._asking.answer(self.abilities.path, body, read, prompt=prompt, new_tokens=new_tokens_of(body))
        text = self._asking.connection.hide(got[0]).strip()
        size = len(json.dumps(text, ensure_ascii=False).encode())
        if size > LONGEST_TEXT:
            raise ModelError(
                f"{self.name}: a text of {size:,} bytes in answer to {shown(prompt, 40)}, of at most {LONGEST_TEXT:,}",
                hint="a server that keeps to its limit of new tokens gives far fewer",
            )
        return Written(text, usage.prompt_tokens, usage.new_tokens)

    def _reader(self, prompt: str, most: int, option: str) -> Callable[[Any], list[str]]:
        """What takes the texts out of an answer: each whole, behind its thoughts, or an error."""

        def text(reply: Reply) -> str:
            # Of a model whose thoughts stand in its text, what was cut before a thought's end is all thought.
            if reply.open or (reply.cut and (not reply.text.strip() or (self.abilities.inline and not reply.thought))):
                why = "used up" if reply.cut else "never ended its thoughts within"
                raise ModelError(
                    f"{self.name} {why} {most:,} new tokens before it began its answer to {shown(prompt, 40)}",
                    hint=f"give it more with {option}: it seems to reason first",
                )
            if not reply.text.strip():
                raise MalformedError("an empty answer")
            return reply.text

        return lambda answer: [text(reply) for reply in replies(answer)]


def open_server(endpoint: Endpoint, options: ModelOptions, patience: Patience | None = None) -> ServerModel:
    """The model at ``endpoint``, after a look at what it can do: a few short requests.

    Raises :class:`~labeldist.core.errors.UsageError` and :class:`~labeldist.core.errors.UnavailableError` as
    :func:`~labeldist.models.server.probe.probe` does.
    """
    patience = patience or Patience(timeout=options.timeout)
    most = options.concurrency or AT_ONCE
    connection = Connection(endpoint, key_for(endpoint), patience, most)
    budget = options.budget or Budget()
    probing = Asking(connection, replace(patience, retries=min(PROBING, patience.retries)), budget, 1, hint=RUNNING)
    abilities = probe(
        probing,
        options.scores,
        route=options.route,
        thought_tokens=options.thought_tokens,
        temperature=options.temperature,
    )
    unknown = abilities.identity.warning(endpoint.model)
    if unknown:
        logger.warning("%s: %s", endpoint.name, unknown)
    asking = Asking(connection, patience, budget, most)
    asking.known = probing.known
    return ServerModel(
        endpoint,
        asking,
        abilities,
        style="letters" if options.style == "auto" else options.style,
        samples=options.samples,
        most=options.concurrency,
    )
