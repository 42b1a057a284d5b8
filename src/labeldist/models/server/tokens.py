"""Token ids from a server that tokenizes (vLLM does), rendered as it renders a chat itself."""

from __future__ import annotations

import threading
from typing import Any

from labeldist.models.server.connection import Connection
from labeldist.models.server.failures import MalformedError


class ServerTokenizer:
    """``encode`` as backends here have it, for :class:`~labeldist.models.answers.AnswerTokens`.

    The prompt's ids are the server's own, of the rendered chat. A reply goes behind the text of these ids, so that its
    tokens are those of the rendered prompt plus the reply.
    """

    def __init__(self, connection: Connection, *, chat: bool) -> None:
        self.name = connection.endpoint.name
        self._connection = connection
        self._chat = chat
        self._root = connection.endpoint.root
        self._rendered: tuple[str, str, list[int]] | None = None
        self._lock = threading.Lock()

    def encode(self, prompt: str, reply: str = "") -> list[int]:
        """Token ids of the prompt, and of the beginning of the reply.

        Where the reply merges with white space that ends the prompt, the model is given that space as a token of its
        own and goes on behind it.
        """
        text, turn = self._turn(prompt)
        if not reply:
            return turn
        for stem in (text, text.rstrip()):
            before, after = (turn if stem == text else self._ids(stem)), self._ids(stem + reply)
            if after[: len(before)] == before:
                return turn + after[len(before) :]
        return self._ids(text + reply)

    def _turn(self, prompt: str) -> tuple[str, list[int]]:
        """The rendered prompt as text and as ids; the last one is remembered, since its replies come next."""
        with self._lock:
            if self._rendered is None or self._rendered[0] != prompt:
                self._rendered = (prompt, *self._render(prompt))
            return self._rendered[1:]

    def _render(self, prompt: str) -> tuple[str, list[int]]:
        if self._chat:
            ids = self._asked(messages=[{"role": "user", "content": prompt}], add_generation_prompt=True)
        else:
            ids = self._asked(prompt=prompt)
        answer = self._connection.post(
            f"{self._root}/detokenize", {"model": self._connection.endpoint.model, "tokens": ids}
        )
        text = answer.get("prompt") if isinstance(answer, dict) else None
        if not isinstance(text, str) or self._ids(text) != ids:
            raise MalformedError("tokens that are not those of their own text")
        return text, ids

    def _ids(self, text: str) -> list[int]:
        return self._asked(prompt=text, add_special_tokens=False)

    def _asked(self, **what: Any) -> list[int]:
        answer = self._connection.post(f"{self._root}/tokenize", {"model": self._connection.endpoint.model, **what})
        ids = answer.get("tokens") if isinstance(answer, dict) else None
        if not isinstance(ids, list) or not all(type(token) is int for token in ids):
            raise MalformedError("no token ids")
        return ids
