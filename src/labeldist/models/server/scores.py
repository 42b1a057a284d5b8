"""What an answer of the protocol says of the options: exactly, as far as the likeliest tokens go, or in drawn answers.

Both kinds of endpoint are read: ``choices[].logprobs.content[].top_logprobs`` of chats, and
``choices[].logprobs.top_logprobs[]`` of bare completions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from labeldist.models.base import AnswerScores
from labeldist.models.server.failures import MalformedError
from labeldist.models.server.surrogates import repaired

# What the log-probabilities of different tokens may sum to; servers compute in half precision.
SUM_TOLERANCE = 0.02
# Servers write this where they have no number.
NO_NUMBER = -9999.0
# What is left of a probability of 1 is no more than rounding below this.
SMALLEST = 1e-6
CHARACTERS_PER_TOKEN = 4
# No server means a count beyond this; the sums of such counts still fit a database.
MOST_TOKENS = 2**40
Answers = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens that a request took, as the server counts; ``estimated``: it does not, so they go by the length."""

    prompt_tokens: int
    new_tokens: int
    estimated: bool = False
    cached_tokens: int | None = None

    @staticmethod
    def of(answer: Any, prompt: str) -> Usage:
        """What ``answer`` says; where it says nothing, four characters make a token, of ``prompt`` and of each choice.

        >>> Usage.of({"choices": [{"text": "It rains."}]}, "Why is it wet?")
        Usage(prompt_tokens=4, new_tokens=3, estimated=True, cached_tokens=None)
        """
        usage = answer.get("usage") if isinstance(answer, dict) else None
        told = usage if isinstance(usage, dict) else {}
        before, new = told.get("prompt_tokens"), told.get("completion_tokens")
        details = told.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        return Usage(
            before if _count(before) else _estimated(prompt),
            new if _count(new) else _answered(answer),
            estimated=not (_count(before) and _count(new)),
            cached_tokens=cached if _count(cached) else None,
        )


def texts(answer: Any) -> list[tuple[str, str]]:
    """The text of each choice, and why it ended (``stop``, ``length``); of chats the message's content."""
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not isinstance(choices, list) or not choices:
        raise MalformedError("no choices")
    return [_text(choice) for choice in choices]


@dataclass(frozen=True, slots=True)
class Listed:
    """The log-probabilities that an answer lists for its first new token, by the token's text.

    ``least``: of the likeliest tokens the least likely; every token that is not listed is at most as likely. None where
    the answer lists the drawn token only.
    """

    tokens: Mapping[str, float]
    least: float | None = None


def listed(answer: Any) -> Listed:
    """What the answer lists. Tokens with the same text (parts of a character, mostly) are added up.

    Raises :class:`MalformedError` where there are none, or where the numbers cannot be log-probabilities.
    """
    pairs, drawn = _listed(answer)
    found: dict[str, float] = {}
    known = any(token == drawn[0] for token, _ in pairs)
    for token, value in pairs if known else [*pairs, drawn]:
        if not isinstance(token, str) or isinstance(value, bool) or not isinstance(value, int | float):
            raise MalformedError("log-probabilities that are no pairs of text and number")
        if math.isfinite(value) and value > NO_NUMBER:
            found[token] = _sum((found[token], value)) if token in found else float(value)
    if not found:
        raise MalformedError("no log-probabilities")
    if math.fsum(math.exp(min(value, 1.0)) for value in found.values()) > 1 + SUM_TOLERANCE:
        raise MalformedError("log-probabilities that sum to more than 1")
    # The drawn token is listed even where it is not among the likeliest, so it says nothing of the others.
    return Listed(found, min((value for token, value in pairs if token != drawn[0] and token in found), default=None))


def exact(found: Listed, tokens: Sequence[Sequence[int]], usage: Usage) -> AnswerScores:
    """Scores from the log-probabilities of all ``tokens`` that begin each option, named ``token_id:N``.

    Raises :class:`MalformedError` where one is missing.

    >>> found = Listed({"token_id:5": math.log(0.5), "token_id:6": math.log(0.25), "token_id:7": math.log(0.125)})
    >>> scores = exact(found, [[5], [6, 7]], Usage(9, 1))
    >>> [round(math.exp(logit), 3) for logit in scores.logits]
    [0.5, 0.375]
    """
    try:
        values = [[found.tokens[f"token_id:{token}"] for token in option] for option in tokens]
    except KeyError as error:
        raise MalformedError(f"no log-probability of {error.args[0]}") from None
    return AnswerScores(
        tuple(_sum(option) for option in values),
        tuple(max(option) for option in values),
        0.0,
        usage.prompt_tokens,
        usage.new_tokens,
    )


def top(found: Listed, answers: Answers, usage: Usage) -> AnswerScores:
    """Scores as far as the listed tokens go.

    A spelling's token is the longest listed one with which it begins, unless another option begins with that too. An
    option without a listed token gets the most that it could have: for each of its spellings the probability of the
    least likely token that is listed, or all that is left, whichever is less; ``unlisted`` counts such options.

    >>> found = Listed({"A": math.log(0.6), " A": math.log(0.1), "x": math.log(0.2)}, least=math.log(0.1))
    >>> scores = top(found, (("A", " A"), ("B", " B")), Usage(9, 1))
    >>> [round(math.exp(logit), 3) for logit in scores.logits], scores.unlisted
    ([0.7, 0.1], 1)
    """
    left = math.log(max(1.0 - math.fsum(math.exp(value) for value in found.tokens.values()), SMALLEST))
    bound = left if found.least is None else min(found.least, left)
    bounds = [left if found.least is None else min(found.least + math.log(len(set(one))), left) for one in answers]
    options: list[list[float]] = []
    for at, spellings in enumerate(answers):
        others = [spelling for other, more in enumerate(answers) if other != at for spelling in more]
        tokens = dict.fromkeys(_token(spelling, found.tokens, others) for spelling in spellings)
        options.append([found.tokens[token] for token in tokens if token is not None])
    return AnswerScores(
        tuple(_sum(values) if values else most for values, most in zip(options, bounds, strict=True)),
        tuple(max(values) if values else bound for values in options),
        0.0,
        usage.prompt_tokens,
        usage.new_tokens,
        unlisted=sum(not values for values in options),
    )


def sampled(drawn: Sequence[str], answers: Answers, prompt_tokens: int, new_tokens: int) -> AnswerScores:
    """Scores from drawn answers: log of (answers that name the option + 1/2) / (answers + K/2).

    Half an answer more for each option keeps one that was never drawn possible. Answers that name no option lower the
    letter mass.

    >>> scores = sampled(["A", "A.", "B", "Well"], (("A", " A"), ("B", " B")), 9, 4)
    >>> [round(math.exp(logit), 3) for logit in scores.logits]
    [0.5, 0.3]
    """
    counts = [0] * len(answers)
    for text in drawn:
        option = named(text, answers)
        if option is not None:
            counts[option] += 1
    total = len(drawn) + len(answers) / 2
    logits = tuple(math.log((count + 0.5) / total) for count in counts)
    return AnswerScores(logits, logits, 0.0, prompt_tokens, new_tokens)


def named(text: str, answers: Answers) -> int | None:
    """The option that an answer names: it begins with a spelling, and ends there or goes on with punctuation.

    >>> named("B. It rains", (("A",), ("B",))), named("A cat", (("A",), ("B",)))
    (1, None)
    """
    begun = text.strip()
    for option, spellings in enumerate(answers):
        for spelling in spellings:
            rest = begun.removeprefix(spelling.strip())
            if rest != begun and re.match(r"$|[.,:;)\n]", rest):
                return option
    return None


def _token(spelling: str, found: Mapping[str, float], others: Sequence[str]) -> str | None:
    fits = [
        token
        for token in found
        if token and spelling.startswith(token) and not any(other.startswith(token) for other in others)
    ]
    return max(fits, key=len, default=None)


def _listed(answer: Any) -> tuple[list[tuple[Any, Any]], tuple[Any, Any]]:
    """Pairs of token and log-probability for the first new token, and the pair of the drawn one."""
    try:
        logprobs = answer["choices"][0]["logprobs"]
        if "content" in logprobs:
            first = logprobs["content"][0]
            return [(one["token"], one["logprob"]) for one in first["top_logprobs"]], (first["token"], first["logprob"])
        return (
            list((logprobs["top_logprobs"][0] or {}).items()),
            (logprobs["tokens"][0], logprobs["token_logprobs"][0]),
        )
    except (KeyError, IndexError, TypeError, AttributeError):
        raise MalformedError("no log-probabilities, or of another shape") from None


def _text(choice: Any) -> tuple[str, str]:
    try:
        text = choice["message"]["content"] if "message" in choice else choice["text"]
        ended = choice.get("finish_reason")
    except (KeyError, TypeError, AttributeError):
        raise MalformedError("a choice without a text") from None
    if text is not None and not isinstance(text, str):
        raise MalformedError("a text that is none")
    return repaired(text or ""), str(ended)


def _count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS


def _estimated(text: str) -> int:
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def _answered(answer: Any) -> int:
    """The new tokens of an answer that does not count them, by the length of its texts, thoughts included."""
    choices = answer.get("choices") if isinstance(answer, dict) else None
    new = 0
    for choice in choices if isinstance(choices, list) else []:
        message = choice.get("message", choice) if isinstance(choice, dict) else None
        if isinstance(message, dict):
            told = (message.get(name) for name in ("content", "text", "reasoning_content", "reasoning"))
            new += sum(_estimated(text) for text in told if isinstance(text, str))
    return max(new, 1)


def _sum(values: Sequence[float]) -> float:
    most = max(values)
    return most + math.log(math.fsum(math.exp(value - most) for value in values))
