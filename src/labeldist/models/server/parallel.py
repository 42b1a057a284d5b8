"""Many questions at a time, the answers in portions as they come."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from labeldist.core.errors import ModelError, UnavailableError
from labeldist.models.base import Enough, UnansweredError

R = TypeVar("R")


class _Outcome(Generic[R]):
    """What became of one question: ``answer``, or ``error``; ``kept`` is set when the answer is in safe hands."""

    def __init__(self, place: int, answer: R | None, error: BaseException | None) -> None:
        self.place = place
        self.answer = answer
        self.error = error
        self.kept = threading.Event()


def answered(ask: Callable[[int], R], order: Sequence[int], most: int) -> Iterator[dict[int, R]]:
    """``ask(place)`` for each place in ``order``, in up to ``most`` threads; portions {place: answer} as they come.

    A thread asks its next question only when its last answer has been taken and the taker has come back for more: a
    taker that stores portions loses at most ``most`` answers when it is killed. Errors are raised after all else: an
    :class:`UnavailableError`, after which nothing more is asked, before an :class:`UnansweredError` of all that failed.

    >>> sorted(next(answered(abs, [-1], most=2)).items())
    [(-1, 1)]
    """
    outcomes: queue.SimpleQueue[_Outcome[R] | None] = queue.SimpleQueue()
    places = iter(order)
    taking = threading.Lock()
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            with taking:
                place = next(places, None)
            if place is None:
                break
            try:
                outcome = _Outcome(place, ask(place), None)
            except BaseException as error:  # raised again where the answers are taken
                outcome = _Outcome(place, None, error)
                if not isinstance(error, ModelError):
                    over.set()
            outcomes.put(outcome)
            outcome.kept.wait()
        outcomes.put(None)  # nothing more will come from this thread

    working = min(most, len(order))
    for _ in range(working):
        threading.Thread(target=work, daemon=True).start()
    errors: dict[int, BaseException] = {}
    waiting: list[_Outcome[R]] = []
    try:
        while working:
            came = [outcomes.get()]
            while not outcomes.empty():
                came.append(outcomes.get())
            waiting = [outcome for outcome in came if outcome is not None]
            working -= len(came) - len(waiting)
            errors |= {outcome.place: outcome.error for outcome in waiting if outcome.error is not None}
            portion = {outcome.place: outcome.answer for outcome in waiting if outcome.error is None}
            if portion:
                try:
                    yield portion  # type: ignore[misc]
                except Enough:
                    over.set()
            for outcome in waiting:
                outcome.kept.set()
    finally:
        over.set()
        for outcome in waiting:
            outcome.kept.set()
    if errors:
        raise _worst(errors)


def _worst(errors: Mapping[int, BaseException]) -> BaseException:
    """The error to raise for all: one that is no model's failing first, then the end of it all."""
    of_prompts = {place: error for place, error in errors.items() if isinstance(error, ModelError)}
    others = [error for error in errors.values() if not isinstance(error, ModelError)]
    for error in others:
        if not isinstance(error, UnavailableError):
            return error
    return others[0] if others else UnansweredError(of_prompts)
