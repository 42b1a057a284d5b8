"""Work on a stream with several calls under way, the results in the stream's order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ordered_parallel_map(work: Callable[[T], R], stream: Iterable[T], at_once: int) -> Iterator[R]:
    """``work`` of each element, in order; up to ``at_once`` elements are worked on at a time, in threads.

    No more of the stream is read than is worked on. What a call raises is raised in its place, and nothing is begun
    after it; calls under way then go on by themselves.

    >>> list(ordered_parallel_map(abs, [-1, 2, -3], at_once=2))
    [1, 2, 3]
    """
    if at_once == 1:
        yield from map(work, stream)
        return
    under_way: deque[Future[R]] = deque()
    for element in stream:
        under_way.append(_begun(work, element))
        if len(under_way) == at_once:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _begun(work: Callable[[T], R], element: T) -> Future[R]:
    """The work in a thread of its own; a process does not wait for it to end, as it does for those of an executor."""
    future: Future[R] = Future()

    def carry_out() -> None:
        try:
            future.set_result(work(element))
        except BaseException as error:  # raised where the result is taken
            future.set_exception(error)

    Thread(target=carry_out, daemon=True).start()
    return future
