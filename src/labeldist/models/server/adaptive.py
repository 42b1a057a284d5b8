"""How many requests a server bears at a time, found out as congestion control does: up slowly, down by half."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

START = 4


class Window:
    """The number of requests that may be under way, by what became of earlier ones.

    Each answer raises it by one until the first overload, then by one for a windowful of answers. An overload (too many
    requests, a server error, a timeout) halves it, but at most once for the requests that were under way together.

    >>> window = Window(most=16)
    >>> window.answered(); window.size
    5
    >>> window.overloaded(began=1.0, now=2.0); window.size
    2
    >>> window.overloaded(began=1.5, now=2.1); window.size  # was under way when it was halved
    2
    """

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._size = float(min(most, START))
        self._cut: float | None = None

    @property
    def size(self) -> int:
        """How many requests may be under way."""
        return int(self._size)

    def answered(self) -> None:
        """A request was answered."""
        self._size = min(self._most, self._size + (1.0 if self._cut is None else 1.0 / self._size))

    def overloaded(self, began: float, now: float) -> None:
        """A request that ``began`` then failed in a way that says that the server has too much to do."""
        if self._cut is None or began >= self._cut:
            self._size = max(1.0, self._size / 2)
            self._cut = now


class Slots:
    """Lets threads make requests, as many at a time as a :class:`Window` allows, and none while the server rests."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.window = Window(most)
        self._clock = clock
        self._taken = 0
        self._rests_until = 0.0
        self._change = threading.Condition()

    @contextmanager
    def slot(self, stopped: Callable[[], bool] = lambda: False) -> Iterator[float]:
        """Wait for a turn; gives the time at which it began. When ``stopped``, there is nothing to wait for."""
        with self._change:
            while not stopped():
                rest = self._rests_until - self._clock()
                if rest <= 0 and self._taken < self.window.size:
                    break
                self._change.wait(rest if rest > 0 else None)
            self._taken += 1
        try:
            yield self._clock()
        finally:
            with self._change:
                self._taken -= 1
                self._change.notify_all()

    def answered(self) -> None:
        """Tell of an answer."""
        with self._change:
            self.window.answered()
            self._change.notify_all()

    def stopped(self) -> None:
        """Somebody has stopped: let all who wait find out whether it is they."""
        with self._change:
            self._change.notify_all()

    def overloaded(self, began: float, rest: float | None) -> None:
        """Tell of an overload of a request that ``began`` then; ``rest``: seconds for which the server wants none."""
        with self._change:
            now = self._clock()
            self.window.overloaded(began, now)
            self._rests_until = max(self._rests_until, now + (rest or 0.0))
