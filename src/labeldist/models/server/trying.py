"""The probe's known prompt, asked in another way where a server refuses the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from labeldist.core.errors import ModelError
from labeldist.models.server.abilities import new_tokens_of
from labeldist.models.server.asking import Asking
from labeldist.models.server.failures import RefusedError
from labeldist.models.server.taken import Taken, remedy

R = TypeVar("R")
PROMPT = "Is the sun hot? Choose one.\nA. Yes\nB. No\nAnswer:"
# Requests that may be changed and made again, for one question and in all.
CHANGES, TRIES = 6, 40


class Trying:
    """Asks the known prompt, in another way where the first is refused.

    ``room``: new tokens for thoughts. ``contradiction``: what was wrong with a list of tokens.
    """

    def __init__(self, asking: Asking, room: int) -> None:
        self.asking = asking
        self.model = asking.connection.endpoint.model
        self.room = room
        self.contradiction = ""
        self._left = TRIES

    def answer(
        self, path: str, body: dict[str, Any], taken: Taken, read: Callable[[Any], R], *, prompt: str = PROMPT
    ) -> tuple[R, Taken]:
        """What ``read`` makes of the answer, and what the server takes; :class:`ModelError` where it takes nothing."""
        for change in range(CHANGES + 1):
            sent = taken.request(body)
            self._left -= 1
            try:
                return self.asking.answer(path, sent, read, prompt=prompt, new_tokens=new_tokens_of(sent))[0], taken
            except RefusedError as refusal:
                other = remedy(taken, refusal, sent) if change < CHANGES and self._left > 0 else None
                if other is None:
                    raise
                taken = other
        raise AssertionError("unreachable")

    def first(
        self, path: str, body: dict[str, Any], takens: Sequence[Taken], read: Callable[[Any], R]
    ) -> tuple[R, Taken]:
        """As :meth:`answer`, with the first of ``takens`` that the server takes: some do not name what they refuse."""
        tried: list[dict[str, Any]] = []
        for taken in takens:
            sent = taken.request(body)
            if sent in tried:
                continue
            tried.append(sent)
            try:
                return self.answer(path, body, taken, read)
            except ModelError as error:
                refused = error
        raise refused
