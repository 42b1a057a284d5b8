"""What a command may spend at servers: so many requests, so many tokens, over all the models that it asks."""

from __future__ import annotations

import threading
from typing import Any

from labeldist.core.errors import UnavailableError

# A word in a language unlike those seen so far takes more tokens than its length says.
SAFETY = 1.25


class Budget:
    """Counts requests and tokens of one command, and refuses a request that might exceed what is allowed.

    ``max_calls``: requests for answers, repeated ones included; ``max_tokens``: of prompts and answers together; None:
    without limit. Several threads and several models may share one; copies are the same budget.

    >>> budget = Budget(max_calls=1)
    >>> budget.settle(budget.reserve("It rains.", 1), prompt_tokens=4, new_tokens=1)
    >>> budget.reserve("It pours.", 1)
    Traceback (most recent call last):
    ...
    labeldist.core.errors.UnavailableError: the budget of 1 calls is spent: 1 made, 5 tokens
      hint: answers are saved: raise the limit and rerun the command
    """

    def __init__(self, max_calls: int | None = None, max_tokens: int | None = None) -> None:
        self.max_calls = max_calls
        self.max_tokens = max_tokens
        self.calls = 0
        self.tokens = 0
        self._reserved = 0
        # Tokens per byte: at most one at first, then the most seen.
        self._density: float | None = None
        self._lock = threading.Lock()

    def __deepcopy__(self, memo: Any) -> Budget:
        return self

    def reserve(self, prompt: str, new_tokens: int) -> tuple[int, int]:
        """Begin a request; returns what :meth:`settle` wants of it.

        Raises :class:`~labeldist.core.errors.UnavailableError` where the request could exceed the budget.
        """
        size = len(prompt.encode(errors="replace"))
        with self._lock:
            density = 1.0 if self._density is None else min(1.0, self._density * SAFETY)
            most = int(size * density) + 1 + new_tokens
            if self.max_calls is not None and self.calls >= self.max_calls:
                raise self._spent(f"{self.max_calls:,} calls")
            if self.max_tokens is not None and self.tokens + self._reserved + most > self.max_tokens:
                raise self._spent(f"{self.max_tokens:,} tokens")
            self.calls += 1
            self._reserved += most
        return size, most

    def recall(self, reserved: tuple[int, int]) -> None:
        """Count a request that an earlier command began and this one waits for, whatever that comes to."""
        with self._lock:
            self.calls += 1
            self._reserved += reserved[1]

    def settle(self, reserved: tuple[int, int], prompt_tokens: int, new_tokens: int) -> None:
        """End a request that was answered: what it took, as the server counts."""
        size, most = reserved
        with self._lock:
            self._reserved -= most
            self.tokens += prompt_tokens + new_tokens
            if size:
                self._density = max(self._density or 0.0, prompt_tokens / size)

    def fail(self, reserved: tuple[int, int], *, computed: bool) -> None:
        """End a request without an answer; ``computed``: the server may have computed, and charge for, one."""
        with self._lock:
            self._reserved -= reserved[1]
            if computed:
                self.tokens += reserved[1]

    def _spent(self, what: str) -> UnavailableError:
        return UnavailableError(
            f"the budget of {what} is spent: {self.calls:,} made, {self.tokens:,} tokens",
            hint="answers are saved: raise the limit and rerun the command",
        )
