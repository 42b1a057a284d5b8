"""Work on a stream with several calls under way, the results in the stream's order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ahead(work: Callable[[T], R], stream: Iterable[T], at_once: int) -> Iterator[R]:
    """``work`` of each element, in order; up to ``at_once`` elements are worked on at a time, in threads.

    No more of the stream is read than is worked on. What a call raises is raised in its place, and nothing is begun
    after it; calls under way then go on by themselves.

    >>> list(ahead(abs, [-1, 2, -3], at_once=2))
    [1, 2, 3]
    """
    if at_once == 1:
        yield from map(work, stream)
        return
    under_way: deque[Future[R]] = deque()
    threads = ThreadPoolExecutor(at_once)
    try:
        for element in stream:
            under_way.append(threads.submit(work, element))
            if len(under_way) == at_once:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
