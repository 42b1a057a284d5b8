"""A language model that never repeats a finished call: answers come from the store where it has them."""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from labeldist.calls.packed import pack_scores, pack_written, unpack_scores, unpack_written
from labeldist.calls.store import KEY_BYTES, Call, Store
from labeldist.core.errors import ModelError, UnavailableError
from labeldist.core.interrupt import GRACE
from labeldist.models.base import (
    AnswerScores,
    Capabilities,
    Enough,
    LanguageModel,
    NotYetError,
    PaidApart,
    Question,
    Stoppable,
    UnansweredError,
    Written,
)

# Seconds for what is under way after an error, when an answer that was paid for may still come.
PATIENCE = 600.0
CLOSING = 1.0  # seconds for threads to end whose requests were given up
NOT_FINITE = "try --dtype float32; if that does not help, the weights are broken"
Answer = TypeVar("Answer", AnswerScores, Written)


class Recorded:
    """Wraps a model; is itself a :class:`~labeldist.models.base.LanguageModel`.

    A call's key is the hash of what the answer depends on (kind, model name and revision, text, parameters) and of
    nothing else, so the same question is never paid for twice, whichever stage or run asks it, nor by two threads at
    a time. Each portion of answers is in the store before it is passed on. What could not be answered is not asked
    again by this object, where the model says which it was, unless the answer is still to come. ``made`` and ``reused``
    count calls, ``prompt_tokens`` the tokens of all their prompts.

    A context manager: at its end, whatever ended it, no thread begins anything more, and what is under way is waited
    for and kept; after an interrupt for no more than GRACE seconds, and not at all after another one. The store must be
    open until then.
    """

    def __init__(self, model: LanguageModel, store: Store) -> None:
        self._model = model
        self._store = store
        self._identity = f"{model.name} {model.revision}"
        self._paid_as = self._identity + (f" {model.paid_as}" if isinstance(model, PaidApart) else "")
        self._lock = threading.Lock()
        self._under_way: dict[bytes, threading.Event] = {}
        self._failed: dict[bytes, ModelError] = {}
        self._released = threading.Condition(self._lock)
        self._over = threading.Event()
        self.made = 0
        self.reused = 0
        self.prompt_tokens = 0

    def __enter__(self) -> Recorded:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._over.set()
        if not self._under_way:
            return
        self._stop()
        interrupted = kind is not None and not issubclass(kind, Exception)
        try:
            try:
                self._wait(GRACE if interrupted else PATIENCE)
            except KeyboardInterrupt:
                if not interrupted:
                    self._wait(GRACE)
                raise
        finally:
            if self._under_way:
                self._stop(at_once=True)
                self._wait(CLOSING)

    @property
    def model(self) -> LanguageModel:
        """The wrapped model."""
        return self._model

    def _stop(self, *, at_once: bool = False) -> None:
        if isinstance(self._model, Stoppable):
            self._model.stop(at_once=at_once)

    def _wait(self, seconds: float) -> None:
        """Wait until nothing is under way, no longer than that."""
        with self._released:
            self._released.wait_for(lambda: not self._under_way, seconds)

    @property
    def name(self) -> str:
        """The wrapped model's name."""
        return self._model.name

    @property
    def revision(self) -> str:
        """The wrapped model's revision."""
        return self._model.revision

    @property
    def answer_style(self) -> str:
        """The wrapped model's answer style."""
        return self._model.answer_style

    @property
    def transform(self) -> str:
        """The wrapped model's default transform."""
        return self._model.transform

    @property
    def max_new_tokens(self) -> int:
        """The wrapped model's default length of answers."""
        return self._model.max_new_tokens

    @property
    def capabilities(self) -> Capabilities:
        """What the wrapped model can do."""
        return self._model.capabilities

    def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
        """Known scores from the store, then the others from the model."""
        heads = {answers: self._head("next_token", answers) for answers in {one.answers for one in questions}}
        keys = [_key(heads[question.answers], question.prompt) for question in questions]

        def ask(missing: Sequence[int]) -> Iterator[Mapping[int, AnswerScores]]:
            return self._model.answer_scores([questions[at] for at in missing])

        yield from self._recorded("next_token", keys, ask, pack_scores, unpack_scores)

    def write(
        self, prompts: Sequence[str], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[Mapping[int, Written]]:
        """Known texts from the store, then the others from the model."""
        # At temperature 0 nothing is drawn, so the seed is no part of the question.
        head = self._head("generate", [max_new_tokens, temperature, seed if temperature else None])
        keys = [_key(head, prompt) for prompt in prompts]

        def ask(missing: Sequence[int]) -> Iterator[Mapping[int, Written]]:
            return self._model.write(
                [prompts[at] for at in missing], max_new_tokens=max_new_tokens, temperature=temperature, seed=seed
            )

        yield from self._recorded("generate", keys, ask, pack_written, unpack_written)

    def _recorded(
        self,
        kind: str,
        keys: Sequence[bytes],
        ask: Callable[[Sequence[int]], Iterator[Mapping[int, Answer]]],
        pack: Callable[[Answer], bytes],
        unpack: Callable[[bytes, int, int], Answer],
    ) -> Iterator[Mapping[int, Answer]]:
        """The answers by place in ``keys``; ``ask`` gives portions by place in what it is given."""
        places: dict[bytes, list[int]] = {}
        for place, key in enumerate(keys):
            places.setdefault(key, []).append(place)
        wanted = list(places)
        while wanted:
            mine, theirs, known = self._claim(wanted, unpack)
            with self._lock:
                self.reused += sum(len(places[key]) for key in known)
            try:
                yield self._counted({place: known[key] for key in known for place in places[key]})
                for portion in self._asked(kind, mine, places, ask, pack):
                    yield self._counted(portion)
            finally:
                self._release(mine)
            for event in theirs.values():
                event.wait()
            wanted = list(theirs)

    def _asked(
        self,
        kind: str,
        keys: Sequence[bytes],
        places: Mapping[bytes, Sequence[int]],
        ask: Callable[[Sequence[int]], Iterator[Mapping[int, Answer]]],
        pack: Callable[[Answer], bytes],
    ) -> Iterator[Mapping[int, Answer]]:
        """The model's answers to the first of each question's places, kept and then given to all of its places."""
        if not keys:
            return
        portions = ask([places[key][0] for key in keys])
        while portion := self._next(portions, keys):
            self._check(portion)
            self._store.add(
                Call(keys[at], kind, self._paid_as, answer.prompt_tokens, answer.new_tokens, pack(answer))
                for at, answer in portion.items()
            )
            with self._lock:
                self.made += len(portion)
                self.reused += sum(len(places[keys[at]]) - 1 for at in portion)
            yield {place: answer for at, answer in portion.items() for place in places[keys[at]]}

    def _counted(self, portion: Mapping[int, Answer]) -> Mapping[int, Answer]:
        with self._lock:
            self.prompt_tokens += sum(answer.prompt_tokens for answer in portion.values())
        return portion

    def _next(self, portions: Iterator[Mapping[int, Answer]], keys: Sequence[bytes]) -> Mapping[int, Answer] | None:
        """The next portion; at the end of all, those that are still under way, and then an error."""
        if not self._over.is_set():
            try:
                return next(filter(None, portions), None)
            except UnansweredError as error:
                with self._lock:
                    errors = error.errors.items()
                    self._failed |= {keys[at]: one for at, one in errors if not isinstance(one, NotYetError)}
                raise
        if isinstance(portions, Generator):
            with suppress(Enough, StopIteration):
                return portions.throw(Enough())  # type: ignore[no-any-return]
        raise UnavailableError("stopped before all was asked", hint="the same command goes on from there")

    def _check(self, portion: Mapping[int, AnswerScores | Written]) -> None:
        """Kept answers are never asked for again, so one that is no number must not be kept."""
        scores = (one for one in portion.values() if isinstance(one, AnswerScores))
        if not all(
            map(math.isfinite, (number for one in scores for number in (*one.logits, *one.most, one.log_total)))
        ):
            raise ModelError(f"model {self.name!r} gave a score that is no finite number", hint=NOT_FINITE)

    def _claim(
        self, wanted: Sequence[bytes], unpack: Callable[[bytes, int, int], Answer]
    ) -> tuple[list[bytes], dict[bytes, threading.Event], dict[bytes, Answer]]:
        """Which of the wanted calls are this caller's to make, which another's that is under way, which are known."""
        with self._lock:
            if self._over.is_set():
                raise UnavailableError("stopped before all was asked", hint="the same command goes on from there")
            known = self._known(wanted, unpack)
            for key in wanted:
                if key in self._failed:
                    raise self._failed[key]
            theirs = {key: self._under_way[key] for key in wanted if key not in known and key in self._under_way}
            mine = [key for key in wanted if key not in known and key not in theirs]
            self._under_way.update(dict.fromkeys(mine, threading.Event()))  # they are released together
        return mine, theirs, known

    def _known(self, wanted: Sequence[bytes], unpack: Callable[[bytes, int, int], Answer]) -> dict[bytes, Answer]:
        """What the store has of the wanted calls; what nobody can read is as good as damaged."""
        known: dict[bytes, Answer] = {}
        unread = []
        for key, kept in self._store.answers(wanted).items():
            try:
                known[key] = unpack(kept.answer, kept.prompt_tokens, kept.new_tokens)
            except ValueError:
                unread.append(key)
        self._store.forget(unread)
        return known

    def _release(self, keys: Sequence[bytes]) -> None:
        with self._released:
            for key in keys:
                self._under_way.pop(key).set()
            self._released.notify_all()

    def _head(self, kind: str, parameters: Sequence[object]) -> str:
        """How the content of all calls that differ in their text alone begins."""
        return json.dumps([kind, self._identity, list(parameters)]).removesuffix("]")


def _key(head: str, text: str) -> bytes:
    """The beginning of the hash of a call's content, which is a list in JSON."""
    return hashlib.sha256(f"{head}, {json.dumps(text)}]".encode()).digest()[:KEY_BYTES]
