"""One request until it is answered: within the budget, so many at a time, again after what passes."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from labeldist.core.errors import LabeldistError, ModelError, UnavailableError
from labeldist.models.budget import Budget
from labeldist.models.server.adaptive import Slots
from labeldist.models.server.connection import Connection
from labeldist.models.server.failures import (
    ForbiddenError,
    MalformedError,
    NotThereError,
    PassingError,
)
from labeldist.models.server.patience import Patience
from labeldist.models.server.scores import Usage

logger = logging.getLogger(__name__)
R = TypeVar("R")
SIGNS_OF_LIFE = 3
AGAIN = "answers are saved: rerun the command, and it resumes here"


class Asking:
    """Asks an endpoint through a connection; several threads may. ``repeated`` counts requests that were made again,
    ``malformed`` those of them whose answer was, by what was wrong with it.

    ``hint``: what to do where the endpoint answers nothing at all. ``known``: path and body of a request that it has
    answered before, its prompt and the most new tokens; whether it still answers that tells whose failure it is when
    another one fails again and again.
    """

    def __init__(
        self, connection: Connection, patience: Patience, budget: Budget, most: int, *, hint: str = AGAIN
    ) -> None:
        self.connection = connection
        self.slots = Slots(most)
        self.repeated = 0
        self.malformed: Counter[str] = Counter()
        self.known: tuple[str, dict[str, Any], str, int] | None = None
        self._patience = patience
        self._budget = budget
        self._hint = hint
        self._answered_at = -1.0
        self._stopping = threading.Event()
        self._told_at = -math.inf
        self._counting = threading.Lock()
        self._why: UnavailableError | None = None

    def answer(
        self, path: str, body: dict[str, Any], read: Callable[[Any], R], *, prompt: str, new_tokens: int
    ) -> tuple[R, Usage]:
        """What ``read`` makes of the answer to ``body``, and the tokens that it took.

        ``read`` raises :class:`MalformedError` for an answer that lacks what was asked for, and :class:`ModelError` for
        one that is of no use and would be again. ``prompt`` and ``new_tokens`` are what the budget goes by. Raises
        :class:`ModelError` where this request fails again and again, or is forbidden, while others are answered,
        :class:`UnavailableError` where all are, and at once for whatever is asked after that.
        """
        stop = self._stopping
        return self.patiently(lambda: self._try(path, body, read, prompt, new_tokens, stop), stop)

    def once(
        self, path: str, body: dict[str, Any], read: Callable[[Any], R], *, prompt: str, new_tokens: int
    ) -> R | None:
        """As :meth:`answer`, but None for whatever goes wrong, which ends nothing and is not tried again."""
        try:
            return self._try(path, body, read, prompt, new_tokens, self._stopping)[0]
        except (PassingError, MalformedError, LabeldistError):
            return None

    def stop(self) -> None:
        """No request more for those who ask now, nor a wait for one: they get an :class:`UnavailableError` when the
        request that they have under way is over. Whoever asks later is answered.
        """
        with self._counting:
            before, self._stopping = self._stopping, threading.Event()
        before.set()
        self.slots.stopped()

    def patiently(self, send: Callable[[], R], stop: threading.Event | None = None) -> R:
        """What ``send`` gives, tried again after what passes; errors as :meth:`answer` has them."""
        began, tries, waited = time.monotonic(), 0, 0.0
        stop = stop or self._stopping
        while True:
            self._go_on(stop)
            try:
                return send()
            except PassingError as failure:
                passing = failure
            except MalformedError as error:
                passing = PassingError(f"a malformed answer: {error}", overload=False, computed=True)
                with self._counting:
                    self.malformed[str(error)] += 1
            except NotThereError as error:
                if self._alive(stop):
                    raise ModelError(error.message, hint="other requests are answered: is it the text?") from None
                raise
            except ForbiddenError as error:
                raise self._forbidden(error, stop) from None
            except UnavailableError as error:
                self._end(error)
                raise
            self._go_on(stop)
            tries += 1
            if tries > self._patience.retries:
                raise self._given_up(passing, tries, began, stop)
            waited += passing.after or 0.0
            if waited > self._patience.obeyed and self._answered_at < began:
                raise self._shut_out(passing, waited)
            self.repeated += 1
            self._wait(self._patience.wait(tries, passing.after), passing, stop, began)

    def _wait(self, seconds: float, why: PassingError, stop: threading.Event, began: float) -> None:
        """Wait for so long, or until somebody stops.

        A long wait is told as it begins and while it lasts; so is any where nothing was answered for as long.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not stop.is_set():
            if max(seconds, time.monotonic() - max(began, self._answered_at)) > self._patience.told:
                self._tell(left, why)
            stop.wait(min(left, self._patience.told))

    def _tell(self, left: float, why: PassingError) -> None:
        """Say that there is a wait, once for all who wait at a time."""
        with self._counting:
            now = time.monotonic()
            if now - self._told_at < self._patience.told / 2:
                return
            self._told_at = now
        logger.warning("%s: asks again in %.0f s: %s", self.connection.endpoint.name, left, why.reason)

    def optionally(self, send: Callable[[], R]) -> R | None:
        """What ``send`` gives, tried again after what passes; None where it fails, which ends nothing."""
        began, stop = time.monotonic(), self._stopping
        for tries in range(1, self._patience.retries + 2):
            if stop.is_set():
                break
            try:
                return send()
            except PassingError as failure:
                if tries <= self._patience.retries:
                    self._wait(self._patience.wait(tries, failure.after), failure, stop, began)
            except (MalformedError, LabeldistError):
                break
        return None

    def _try(
        self,
        path: str,
        body: dict[str, Any],
        read: Callable[[Any], R],
        prompt: str,
        new_tokens: int,
        stop: threading.Event,
    ) -> tuple[R, Usage]:
        with self.slots.slot(stop.is_set) as began:
            self._go_on(stop)
            reserved = self._budget.reserve(prompt, new_tokens)
            try:
                answer = self.connection.post(path, body)
                usage = Usage.of(answer, prompt)
                found, useless = _read(read, answer)
            except MalformedError:
                self._budget.fail(reserved, computed=True)
                raise
            except PassingError as failure:
                self._budget.fail(reserved, computed=failure.computed)
                if failure.overload:
                    self.slots.overloaded(began, failure.after)
                raise
            except BaseException:
                self._budget.fail(reserved, computed=False)
                raise
            self._budget.settle(reserved, usage.prompt_tokens, usage.new_tokens)
            self._answered_at = time.monotonic()
            self.slots.answered()
        if useless is not None:
            raise useless
        return found, usage  # type: ignore[return-value]

    def _forbidden(self, error: ForbiddenError, stop: threading.Event) -> ModelError | UnavailableError:
        """The error of a request that was forbidden: its own, where the endpoint still answers what it has before."""
        if self._alive(stop):
            return error.of_request
        self._end(error)
        return error

    def _given_up(
        self, last: PassingError, tries: int, began: float, stop: threading.Event
    ) -> ModelError | UnavailableError:
        """The error of a request that failed too often: its own, where others were answered meanwhile."""
        name = self.connection.endpoint.name
        if self._answered_at > began or self._alive(stop):
            return ModelError(f"{name} failed {tries} times at this request: {last.reason}", hint=AGAIN)
        error = UnavailableError(f"{name} failed {tries} times, and answered nothing: {last.reason}", hint=self._hint)
        self._end(error)
        return error

    def _shut_out(self, last: PassingError, waited: float) -> UnavailableError:
        """The error of an endpoint that wants no request, again and again."""
        name = self.connection.endpoint.name
        error = UnavailableError(f"{name} lets nobody in for {waited:,.0f} s: {last.reason}", hint=self._hint)
        self._end(error)
        return error

    def _alive(self, stop: threading.Event) -> bool:
        """Whether the endpoint still answers what it has answered before."""
        if self.known is None:
            return False
        for tries in range(1, SIGNS_OF_LIFE + 1):
            try:
                path, body, prompt, new_tokens = self.known
                self._try(path, body, lambda answer: answer, prompt, new_tokens, stop)
            except (PassingError, MalformedError, ModelError):
                stop.wait(self._patience.wait(tries))
            except UnavailableError:
                return False
            else:
                return True
        return False

    def _go_on(self, stop: threading.Event) -> None:
        """Raises the end of it all, if it has come, or that somebody stopped."""
        if self._why is not None:
            raise UnavailableError(self._why.message, hint=self._why.hint)
        if stop.is_set():
            raise UnavailableError("stopped before all was asked", hint=AGAIN)

    def _end(self, error: UnavailableError) -> None:
        """Nobody need ask again, nor wait to do so."""
        if self._why is None:
            self._why = error
        self.stop()


def _read(read: Callable[[Any], R], answer: Any) -> tuple[R | None, ModelError | None]:
    """What ``read`` makes of an answer, or why it is of no use; it was paid for either way."""
    try:
        return read(answer), None
    except ModelError as error:
        return None, error
