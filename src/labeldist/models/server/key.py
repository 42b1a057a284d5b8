"""The key for a server: from the environment only, sent only where it is safe, and shown nowhere."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from labeldist.core.errors import UsageError
from labeldist.models.server.endpoint import Endpoint

OWN, OPENAI = "LABELDIST_API_KEY", "OPENAI_API_KEY"
HIDDEN = "[key]"
# So many characters in a row of a key are enough to hide a text: servers like to echo parts.
PART = 8


class Key:
    """An API key that does not show itself: neither printed, nor in a text that went through :meth:`hide`.

    >>> Key("sk-abcdefghijkl")
    Key([key])
    >>> Key("sk-abcdefghijkl").hide("bad key: sk-abcdefgh***")
    'bad key: [key]***'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return f"Key({HIDDEN})"

    def __reduce__(self) -> str:
        raise TypeError("a key is not written anywhere")

    def reveal(self) -> str:
        """The key itself, for the one header that needs it."""
        return self._value

    def hide(self, text: str) -> str:
        """``text`` with the key, and long parts of it, blotted out; a short key only where it is a word of its own."""
        if len(self._value) < PART:
            return re.sub(rf"(?<!\w){re.escape(self._value)}(?!\w)", HIDDEN, text)
        width = PART
        parts = {self._value[start : start + width] for start in range(len(self._value) - width + 1)}
        if not any(part in text for part in parts):
            return text
        hidden = bytearray(len(text))
        for start in range(len(text) - width + 1):
            if text[start : start + width] in parts:
                hidden[start : start + width] = b"\x01" * width
        shown: list[str] = []
        for at, character in enumerate(text):
            if not hidden[at]:
                shown.append(character)
            elif at == 0 or not hidden[at - 1]:
                shown.append(HIDDEN)
        return "".join(shown)


def key_for(endpoint: Endpoint, environment: Mapping[str, str] | None = None) -> Key | None:
    """The key to send to ``endpoint``, or None: ``LABELDIST_API_KEY``, else ``OPENAI_API_KEY``.

    The second belongs to OpenAI, so it goes to OpenAI's own address and to this machine only. Raises
    :class:`UsageError` where a key would travel unencrypted, or is no key.
    """
    given = os.environ if environment is None else environment
    name = OWN if given.get(OWN, "").strip() else OPENAI
    value = given.get(name, "").strip()
    if not value or (name == OPENAI and not (endpoint.openai or endpoint.loopback)):
        return None
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise UsageError(f"{name} holds something that is no key", hint="a key is one word of ASCII characters")
    if not (endpoint.encrypted or endpoint.loopback):
        raise UsageError(
            f"the key in {name} would travel unencrypted to {endpoint.host}",
            hint=f"use https, or a tunnel to this machine; if the server needs no key, unset {name}",
        )
    return Key(value)


def missing_key(endpoint: Endpoint, key: Key | None) -> str:
    """What to do where a server refuses: is there no key, or a wrong one?"""
    if key is not None:
        return f"check the key in the environment variable {OWN} (or {OPENAI})"
    unsent = f"; {OPENAI} is sent to OpenAI and to this machine only" if os.environ.get(OPENAI) else ""
    return f"set the environment variable {OWN} to the key for {endpoint.host}{unsent}"
