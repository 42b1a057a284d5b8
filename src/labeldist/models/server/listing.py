"""The tokens and log-probabilities that an answer lists for its first new token, checked.

Both kinds of endpoint are read: ``choices[].logprobs.content[].top_logprobs`` of chats, and
``choices[].logprobs.top_logprobs[]`` of bare completions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from labeldist.models.server.failures import MalformedError
from labeldist.models.server.reply import replies, thinks
from labeldist.models.server.thoughts import opens_thought
from labeldist.models.server.token_bytes import Token, read_tokens

# What the log-probabilities of different tokens may sum to; servers compute in half precision.
SUM_TOLERANCE = 0.02
# How far two numbers for one token may differ, as a share of them or of one nat; rounding, no more.
SAME, EQUAL, POSITIVE = 0.02, 1e-6, 1e-3
# Servers write this where they have no number.
NO_NUMBER = -9999.0


@dataclass(frozen=True, slots=True)
class Listed:
    """Log-probabilities of tokens; those with the same bytes (and other ids) are added up.

    ``least``: of the likeliest tokens the least likely; every token that is not listed is at most as likely. None where
    nothing tells. ``length``: of the list, as it came.
    """

    tokens: Mapping[Token, float]
    least: float | None = None
    length: int = field(default=0, compare=False)


class _Entry(NamedTuple):
    text: Any
    value: Any
    bytes: Any = None
    id: Any = None


def listed(answer: Any, most: int | None = None, options: Iterable[Iterable[str]] = ()) -> Listed:
    """What an answer lists that was asked for the ``most`` likeliest tokens (None: for tokens of our choice).

    What is kept does not depend on which token was drawn. The drawn one counts once, however often it is there; where
    it is the least likely in a full list, some servers have put it there in the place of a likelier one, so it is left
    out.

    A token without a number (NaN, an infinity, or null, which JSON has for both) is left out, unless it may begin a
    spelling of ``options``: then nothing would be known of that option.

    Raises :class:`MalformedError` where there are none, where such a number is missing, where the numbers cannot be
    log-probabilities, or where they contradict each other: a total above 1; the drawn token with another number than in
    the list, without any chance of being drawn, or likelier than the least of a list that lacks it.

    >>> answer = {"choices": [{"logprobs": {"content": [{"token": "A", "logprob": -0.5, "top_logprobs": [
    ...     {"token": "A", "logprob": -0.5}, {"token": "A", "logprob": -0.5}, {"token": "▁B", "logprob": -1.5}]}]}}]}
    >>> [(token.data, value) for token, value in listed(answer, 20).tokens.items()]
    [(b'A', -0.5), (b' B', -1.5)]
    """
    entries, drawn = _entries(answer)
    length = len(entries)
    for one in (*entries, *([drawn] if most is not None else [])):
        if not isinstance(one.text, str) or isinstance(one.value, bool) or not isinstance(one.value, int | float):
            raise MalformedError("log-probabilities that are no pairs of text and number")
        if one.value > POSITIVE:
            raise MalformedError("a positive log-probability")
    if most is not None and drawn.value == -math.inf:
        raise MalformedError("a drawn token of no probability")
    without = read_tokens([(one.text, one.bytes) for one in entries if not math.isfinite(one.value)])
    if any(token.may_begin(text.encode()) for token in without if token.data for option in options for text in option):
        raise MalformedError("no number for a token that may begin an option")
    entries = [one for one in entries if math.isfinite(one.value) and one.value > NO_NUMBER]
    if not entries:
        raise MalformedError("no log-probabilities, or of the drawn token only")
    *tokens, of_drawn = read_tokens([(str(one.text), one.bytes) for one in (*entries, drawn)])
    pairs = list(zip(tokens, entries, strict=True))
    others: list[float] | None = None
    if most is not None and math.isfinite(drawn.value) and drawn.value > NO_NUMBER:
        pairs, others = _drawn_once(pairs, of_drawn, drawn, most)
    if math.fsum(math.exp(one.value) for _, one in pairs) > 1 + SUM_TOLERANCE:
        raise MalformedError("log-probabilities that sum to more than 1")
    found: dict[Token, list[float]] = {}
    for token, one in pairs:
        found.setdefault(token, []).append(float(one.value))
    least = [one.value for _, one in pairs] if others is None else others
    return Listed(
        {token: log_sum(values) for token, values in found.items()},
        min(least, default=None) if most else None,
        length,
    )


def begins_with_thought(answer: Any) -> bool:
    """Whether an answer with a listing begins with a thought, so that its first token is none of an answer.

    Either it shows one, or the drawn or the likeliest token opens one, or a token was drawn that is in no text. What
    may be but the first sign of a mark, such as ``<``, counts only where it is the likeliest: all is drawn at times.

    >>> token = {"token": "<think>", "logprob": -0.1, "top_logprobs": [{"token": "<think>", "logprob": -0.1}]}
    >>> begins_with_thought({"choices": [{"message": {"content": ""}, "logprobs": {"content": [token]}}]})
    True
    """
    try:
        if thinks(answer):
            return True
        entries, drawn = _entries(answer)
        likeliest = max(entries, key=lambda one: one.value, default=drawn)
        *tokens, of_drawn = read_tokens([(str(one.text), one.bytes) for one in (likeliest, drawn)])
        shown = [one.data.decode("utf-8", "ignore").strip() for one in (*tokens, of_drawn)]
        reply = replies(answer)[0]
    except (MalformedError, TypeError):
        return False
    unseen = reply.cut and not reply.text.strip() and shown[-1] != "" and not shown[-1].startswith(("<", "token_id:"))
    texts = (shown[0], *(text for text in (shown[-1], reply.text) if any(map(str.isalpha, text))))
    return unseen or any(map(opens_thought, texts))


def drawn_token(answer: Any) -> Token:
    """The token that was drawn; :class:`MalformedError` where none is told."""
    _, drawn = _entries(answer)
    return read_tokens([(str(drawn.text), drawn.bytes)])[0]


def log_sum(values: Sequence[float]) -> float:
    """Log of the summed exponentials; minus infinity of nothing."""
    most = max(values, default=-math.inf)
    if most == -math.inf:
        return most
    return most + math.log(math.fsum(math.exp(value - most) for value in values))


def _drawn_once(
    pairs: list[tuple[Token, _Entry]], token: Token, drawn: _Entry, most: int
) -> tuple[list[tuple[Token, _Entry]], list[float]]:
    """The listed pairs with the drawn token once, and the numbers that no unlisted token can exceed."""
    same = [at for at, (one, entry) in enumerate(pairs) if _is_drawn(one, entry, token, drawn)]
    close = [at for at in same if _close(pairs[at][1].value, drawn.value)]
    if same and not close and token.named:
        raise MalformedError("a drawn token with another log-probability than where it is listed")
    if not close:
        if drawn.value > min(_values(pairs)) + SAME:
            raise MalformedError("a drawn token that is not listed, although it is likelier than one that is")
        return pairs, _values(pairs)
    first = min(close, key=lambda at: abs(pairs[at][1].value - drawn.value))
    again = [at for at in close if at != first and abs(pairs[at][1].value - pairs[first][1].value) <= EQUAL]
    once = [pair for at, pair in enumerate(pairs) if at not in again]
    if again:  # once as drawn, and once among the likeliest
        return once, _values(once)
    others = [pair for at, pair in enumerate(pairs) if at != first]
    replaced = len(pairs) >= most and all(pairs[first][1].value < value for value in _values(others))
    return (others if replaced and others else pairs), _values(others)


def _is_drawn(token: Token, entry: _Entry, of_drawn: Token, drawn: _Entry) -> bool:
    if type(entry.id) is int and type(drawn.id) is int:
        return bool(entry.id == drawn.id)
    # Of one text, bytes may be given in one place and not in the other.
    return token == of_drawn or (entry.text == drawn.text and not (token.named and of_drawn.named))


def _values(pairs: Iterable[tuple[Token, _Entry]]) -> list[float]:
    return [float(entry.value) for _, entry in pairs]


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * max(1.0, abs(other))


def _entries(answer: Any) -> tuple[list[_Entry], _Entry]:
    """What is listed for the first new token, and the drawn one."""
    try:
        logprobs = answer["choices"][0]["logprobs"]
        if "content" in logprobs:
            first = logprobs["content"][0]
            return [_entry(one) for one in first["top_logprobs"] or ()], _entry(first)
        top = logprobs["top_logprobs"][0] or {}
        return (
            [_Entry(text, _number(value)) for text, value in top.items()],
            _Entry(logprobs["tokens"][0], _number(logprobs["token_logprobs"][0])),
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        raise MalformedError("no log-probabilities, or of another shape") from None


def _entry(told: Any) -> _Entry:
    return _Entry(told["token"], _number(told["logprob"]), told.get("bytes"), told.get("id"))


def _number(told: Any) -> Any:
    return math.nan if told is None else told
