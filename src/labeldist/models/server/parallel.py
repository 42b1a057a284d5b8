"""Many questions at a time, the answers in portions as they come."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
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


class Parts:
    """Places in contiguous parts, for threads of which each goes on where it was; who has done its part helps another.

    >>> parts = Parts(range(6), 2)
    >>> [parts.next(0), parts.next(1), parts.next(0), parts.next(0), parts.next(0), parts.next(1), parts.next(0)]
    [0, 3, 1, 2, 5, 4, None]
    """

    def __init__(self, order: Sequence[int], count: int) -> None:
        ends = [len(order) * at // count for at in range(count + 1)]
        self._parts = [deque(order[begin:end]) for begin, end in pairwise(ends)]
        self._taking = threading.Lock()

    def next(self, part: int) -> int | None:
        """The next place of that part; where nothing is left of it, of the latter half of the longest other one."""
        with self._taking:
            own = self._parts[part]
            if not own:
                longest = max(self._parts, key=len)
                own.extendleft([longest.pop() for _ in range((len(longest) + 1) // 2)])
            return own.popleft() if own else None


def answered(ask: Callable[[int], R], order: Sequence[int], most: int) -> Iterator[dict[int, R]]:
    """``ask(place)`` for each place in ``order``, in up to ``most`` threads that take the next place in turn.

    >>> sorted(next(answered(abs, [-1], most=2)).items())
    [(-1, 1)]
    """
    places = Parts(order, 1)
    return _answered(lambda place, _: ask(place), lambda _: places.next(0), min(most, len(order)))


def answered_in_parts(ask: Callable[[int, int], R], order: Sequence[int], count: int) -> Iterator[dict[int, R]]:
    """``ask(place, part)`` for each place in ``order``, a thread for each of ``count`` contiguous parts.

    >>> sorted(next(answered_in_parts(lambda place, part: place + part, [5], count=3)).items())
    [(5, 5)]
    """
    count = min(count, len(order))
    return _answered(ask, Parts(order, max(count, 1)).next, count)


def _answered(
    ask: Callable[[int, int], R], next_place: Callable[[int], int | None], working: int
) -> Iterator[dict[int, R]]:
    """What ``working`` threads are answered; portions {place: answer} as they come. A thread asks ``next_place`` of its
    own number for what to ask.

    A thread asks its next question only when its last answer has been taken and the taker has come back for more: a
    taker that stores portions loses at most ``working`` answers when it is killed. Errors are raised after all else: an
    :class:`UnavailableError`, after which nothing more is asked, before an :class:`UnansweredError` of all that failed.
    """
    outcomes: queue.SimpleQueue[_Outcome[R] | None] = queue.SimpleQueue()
    over = threading.Event()

    def work(number: int) -> None:
        while not over.is_set():
            place = next_place(number)
            if place is None:
                break
            try:
                outcome = _Outcome(place, ask(place, number), None)
            except BaseException as error:  # raised again where the answers are taken
                outcome = _Outcome(place, None, error)
                if not isinstance(error, ModelError):
                    over.set()
            outcomes.put(outcome)
            outcome.kept.wait()
        outcomes.put(None)  # nothing more will come from this thread

    for number in range(working):
        threading.Thread(target=work, args=(number,), daemon=True).start()
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
