"""The workers of one kind: who is free gets the next batch, and what a lost one was asked is asked again."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from labeldist.calls.distributed.worker import Reply, Worker
from labeldist.core.errors import ModelError, UnavailableError

logger = logging.getLogger(__name__)

# How often a batch may take its worker down, and how many seconds none of the workers may have a place.
TRIES = 3
PATIENCE = 300.0


class Pool:
    """``size`` workers on the cluster that Ray is connected to, each on a GPU of its own where ``gpu`` says so.

    Several threads may ask at a time, each has one worker meanwhile. A worker whose process or machine is lost is begun
    anew by Ray, here or elsewhere, and comes back when it has a place; the others go on.
    """

    def __init__(self, size: int, *, gpu: bool, environment: Mapping[str, str | None]) -> None:
        import ray

        self.size = size
        self._needs = "a GPU and a CPU" if gpu else "a CPU"
        # One CPU is little to ask for, so that a worker fits anywhere. Like the local engine it uses all that it finds.
        kind = ray.remote(num_cpus=1, num_gpus=int(gpu), max_restarts=-1, scheduling_strategy="SPREAD")(Worker)
        self._workers: list[Any] = [kind.remote(environment, str(Path.cwd())) for _ in range(size)]
        self._free: deque[Any] = deque()
        self._asked = 0
        self._alive = size
        self._end = ""
        self._changed = threading.Condition()
        self._said: set[str] = set()
        for worker in self._workers:
            self._await(worker)

    def ask(self, method: str, *arguments: Any) -> Reply:
        """What a worker's ``method`` replies.

        Raises :class:`ModelError` where the workers that were asked were lost, one after the other,
        :class:`UnavailableError` where there are none.
        """
        import ray
        from ray.exceptions import RayError, RayTaskError

        for _ in range(TRIES):
            worker = self._take()
            try:
                reply: Reply = ray.get(getattr(worker, method).remote(*arguments))
            except RayTaskError:  # not what labeldist raises on purpose: that is in the reply
                self._put_back(worker)
                raise
            except RayError as error:  # its process, its machine or its reply is gone
                if not self._end:
                    logger.warning("a worker was lost, its batch is asked again: %s", _lines(error)[0])
                self._put_back(None)
                self._await(worker)
            else:
                self._put_back(worker)
                self._say(reply)
                return reply
        raise ModelError(
            f"{TRIES} workers were lost, one after the other, over the same questions",
            hint="where memory ran out, use a smaller --batch-tokens or a smaller model; Ray's logs say more",
        )

    def close(self) -> None:
        """End the workers; whoever waits for one gets an :class:`UnavailableError`."""
        import ray

        self._finish("the engine was closed")
        for worker in self._workers:
            ray.kill(worker)

    def _await(self, worker: Any) -> None:
        """Take the worker in as soon as it has a place, for the first time or again."""

        def placed(future: Future[None]) -> None:
            problem = future.exception()
            if problem is None:
                self._put_back(worker, asked=0)
                return
            with self._changed:
                self._alive -= 1
                if self._alive == 0:
                    self._finish(f"no worker can run: {_lines(problem)[-1]}")

        worker.ready.options(max_task_retries=-1).remote().future().add_done_callback(placed)

    def _take(self) -> Any:
        with self._changed:
            while not self._free and not self._end:
                if not self._changed.wait(PATIENCE) and not self._asked:
                    raise UnavailableError(
                        f"no worker found a place on the cluster within {PATIENCE:.0f} s: each needs {self._needs}",
                        hint="what was done is kept: the same command goes on when there is room (see: ray status)",
                    )
            if self._end:
                raise UnavailableError(
                    self._end, hint="is the same labeldist installed on all machines of the cluster?"
                )
            self._asked += 1
            return self._free.popleft()

    def _put_back(self, worker: Any, asked: int = 1) -> None:
        with self._changed:
            self._asked -= asked
            if worker is not None:
                self._free.append(worker)
            self._changed.notify_all()

    def _finish(self, why: str) -> None:
        with self._changed:
            self._end = why
            self._changed.notify_all()

    def _say(self, reply: Reply) -> None:
        """Warn of what a worker warned of, which all of them may: once."""
        with self._changed:
            new = [text for text in dict.fromkeys(reply.said) if text not in self._said]
            self._said.update(new)
        for text in new:
            logger.warning("%s", text)


def _lines(error: BaseException) -> list[str]:
    return [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
