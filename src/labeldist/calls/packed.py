"""A model's answer as the bytes that the store keeps, and back: bit for bit the same numbers and texts."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from labeldist.models.base import AnswerScores, Written

HEAD = struct.Struct("<BHH")  # how the numbers are packed, how many options, for how many only a bound is known
SINGLE, SAME, BOUNDED = 1, 2, 4  # four bytes a number; the likeliest are the logits; there are bounds
PLAIN, DEFLATED = b"t", b"z"


def pack_scores(answer: AnswerScores) -> bytes:
    """The numbers of ``answer`` without its tokens, which the store has in columns.

    >>> answer = AnswerScores((0.5, -1.25), (0.5, -1.25), 2.0, prompt_tokens=9)
    >>> len(pack_scores(answer)), unpack_scores(pack_scores(answer), 9, 0) == answer
    (17, True)
    """
    same = answer.likeliest == answer.logits and 0.0 not in answer.logits  # -0.0 is another number than 0.0
    flags = (SAME if same else 0) | (BOUNDED if answer.most else 0)
    numbers = [answer.log_total, *answer.logits, *answer.most, *(() if flags & SAME else answer.likeliest)]
    packed = _single(numbers)
    flags |= SINGLE if packed else 0
    head = HEAD.pack(flags, len(answer.logits), answer.unlisted)
    return head + (packed or struct.pack(f"<{len(numbers)}d", *numbers))


def unpack_scores(packed: bytes, prompt_tokens: int, new_tokens: int) -> AnswerScores:
    """The inverse of :func:`pack_scores`; :class:`ValueError` for bytes that it did not make."""
    if len(packed) < HEAD.size:
        raise ValueError("no packed scores")
    flags, options, unlisted = HEAD.unpack_from(packed)
    parts = 1 + bool(flags & BOUNDED) + (not flags & SAME)
    form = struct.Struct(f"<{1 + parts * options}{'f' if flags & SINGLE else 'd'}")
    if len(packed) != HEAD.size + form.size:
        raise ValueError("no packed scores")
    log_total, *numbers = form.unpack_from(packed, HEAD.size)
    cut = [tuple(numbers[at : at + options]) for at in range(0, parts * options, options)] if options else [()] * parts
    most = cut[1] if flags & BOUNDED else ()
    return AnswerScores(
        cut[0], cut[0] if flags & SAME else cut[-1], log_total, prompt_tokens, new_tokens, unlisted, most
    )


def pack_written(answer: Written) -> bytes:
    """The text of ``answer``, deflated where that is shorter.

    >>> answer = Written("* It rains. " * 20, 9, 60)
    >>> len(pack_written(answer)) < 30, unpack_written(pack_written(answer), 9, 60) == answer
    (True, True)
    """
    text = answer.text.encode("utf-8", "surrogatepass")
    deflated = zlib.compress(text, 9)
    return DEFLATED + deflated if len(deflated) < len(text) else PLAIN + text


def unpack_written(packed: bytes, prompt_tokens: int, new_tokens: int) -> Written:
    """The inverse of :func:`pack_written`; :class:`ValueError` for bytes that it did not make."""
    if packed[:1] not in (PLAIN, DEFLATED):
        raise ValueError("no packed text")
    try:
        text = zlib.decompress(packed[1:]) if packed[:1] == DEFLATED else packed[1:]
    except zlib.error as error:
        raise ValueError("no packed text") from error
    return Written(text.decode("utf-8", "surrogatepass"), prompt_tokens, new_tokens)


def _single(numbers: Sequence[float]) -> bytes:
    """The numbers in four bytes each; nothing where one of them would change. Most models' logits have no more."""
    form = struct.Struct(f"<{len(numbers)}f")
    try:
        packed = form.pack(*numbers)
    except OverflowError:
        return b""
    return packed if form.unpack(packed) == tuple(numbers) else b""
