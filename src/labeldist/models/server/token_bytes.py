r"""Which bytes a listed token has: what the server says of them, or what the token's text stands for.

Tokens come as text, as bytes, or as a tokenizer writes them: a space as ``▁`` or ``Ġ``, a byte as ``<0xE8>``,
``bytes:\xe8`` or a letter of the byte-level alphabet. Part of a character has no text: U+FFFD stands for any.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from labeldist.models.server.failures import MalformedError
from labeldist.models.server.utf16 import repair_utf16

UNREADABLE = "\ufffd"
TOKEN_ID = "token_id:"
SPACE, BYTE_SPACE, BYTE_NEWLINE = "▁", "Ġ", "Ċ"
_BYTE = re.compile(r"(?:<0x([0-9A-Fa-f]{2})>)+")
_HEX = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_ESCAPED = re.compile(r"bytes:((?:\\x[0-9A-Fa-f]{2})+)")


class Token(NamedTuple):
    """A token's bytes (``data``); ``also``: others that its text might stand for, less likely.

    Not ``named``: a part of a character follows the bytes, and nothing says which.
    """

    data: bytes
    also: bytes | None = None
    named: bool = True

    def may_begin(self, spelling: bytes) -> bool:
        """Whether the spelling of an answer may begin with this token, by any reading of it."""
        if not self.named:
            return any(
                text.startswith(self.data) and text[len(self.data) :][:1] >= b"\x80"
                for text in (spelling, spelling.lstrip(b" "))
            )
        return any(bool(text) and spelling.startswith(text) for text in (self.data, self.also) if text is not None)


def read_tokens(told: Sequence[tuple[str, Any]]) -> list[Token]:
    """The tokens of one listing, each told as its text and its ``bytes`` (None: not given).

    Raises :class:`MalformedError` for bytes that are none.

    >>> [one.data for one in read_tokens([("\\ufffd", [232, 149]), ("▁A", None), ("<0xE8>", None)])]
    [b'\\xe8\\x95', b' A', b'\\xe8']
    >>> read_tokens([("ä¸Ń", None), ("è", None)])[1].data
    b'\\xe8'
    """
    given = [_given(repair_utf16(text), data) for text, data in told]
    if any(data is not None and data != text.encode() for text, data in given):
        return [_token(text, False) if data is None else Token(data) for text, data in given]
    # Many servers encode the text that they show, with its marks, so these bytes say no more than the text.
    byte_level = all(_in_alphabet(text) for text, _ in given) and any(_clearly_byte_level(text) for text, _ in given)
    tokens = [_token(text, byte_level) for text, _ in given]
    return [
        token if data is None or token.data != data else Token(data)
        for token, (_, data) in zip(tokens, given, strict=True)
    ]


def _given(text: str, data: Any) -> tuple[str, bytes | None]:
    """The text, and the bytes that the server gives; None also where they are a sign for what cannot be shown."""
    if data is None or data == [] or text.startswith(TOKEN_ID):
        return text, None
    if not isinstance(data, list) or not all(type(one) is int and 0 <= one < 256 for one in data):
        raise MalformedError("bytes of a token that are none")
    return text, None if UNREADABLE.encode() in bytes(data) else bytes(data)


def _token(text: str, byte_level: bool) -> Token:
    escaped = _ESCAPED.fullmatch(text)
    if escaped:
        return Token(bytes.fromhex(escaped[1].replace("\\x", "")))
    if _BYTE.fullmatch(text):
        return Token(bytes.fromhex("".join(_HEX.findall(text))))
    literal = text.encode()
    if UNREADABLE in text:
        before = _token(text[: text.index(UNREADABLE)], byte_level)
        return Token(before.data, named=False)
    if SPACE in text:
        return Token(text.replace(SPACE, " ").encode(), literal)
    marked = BYTE_SPACE in text or BYTE_NEWLINE in text
    if _in_alphabet(text) and (marked or not text.isascii()):
        decoded = bytes(_ALPHABET[character] for character in text)
        if byte_level or marked:
            return Token(decoded, literal)
        return Token(literal, decoded) if _fragment(decoded) else Token(literal)
    if marked:
        return Token(text.replace(BYTE_SPACE, " ").replace(BYTE_NEWLINE, "\n").encode(), literal)
    return Token(literal)


def _in_alphabet(text: str) -> bool:
    return all(character in _ALPHABET for character in text)


def _clearly_byte_level(text: str) -> bool:
    """Whether a text can hardly be anything else: a mark for a space, or letters that make up another character."""
    if BYTE_SPACE in text or BYTE_NEWLINE in text:
        return True
    if text.isascii() or not _in_alphabet(text):
        return False
    decoded = bytes(_ALPHABET[character] for character in text)
    return _fragment(decoded) and any(ord(one) > 127 for one in decoded.decode("utf-8", "ignore"))


def _fragment(data: bytes) -> bool:
    """Whether bytes may be a piece of UTF-8: whole characters, with the rest of one before and a part of one behind."""
    body = data.lstrip(bytes(range(0x80, 0xC0)))
    if len(data) - len(body) > 3:
        return False
    for end in range(len(body), max(len(body) - 4, -1), -1):
        try:
            body[:end].decode()
        except UnicodeDecodeError:
            continue
        return end == len(body) or _begins_character(body[end:])
    return False


def _begins_character(data: bytes) -> bool:
    length = 2 if 0xC2 <= data[0] < 0xE0 else 3 if 0xE0 <= data[0] < 0xF0 else 4 if 0xF0 <= data[0] < 0xF5 else 0
    return len(data) < length and all(0x80 <= one < 0xC0 for one in data[1:])


def _alphabet() -> dict[str, int]:
    """The letters with which byte-level tokenizers write bytes: visible ones as they are, others from U+0100."""
    seen = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in seen]
    return {chr(byte): byte for byte in seen} | {chr(256 + at): byte for at, byte in enumerate(hidden)}


_ALPHABET = _alphabet()
