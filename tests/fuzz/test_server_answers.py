"""Whatever a server answers, what comes of it is an answer or an error of ours, never one of Python's."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labeldist.core.errors import LabeldistError
from labeldist.models.server.body import DEEPEST, MOST_VALUES, parsed
from labeldist.models.server.connection import _message, _param
from labeldist.models.server.failures import Failure, MalformedError, PassingError, RefusedError
from labeldist.models.server.listing import begins_with_thought, drawn_token, listed
from labeldist.models.server.patience import retry_after
from labeldist.models.server.reply import failure_of, replies, thinks
from labeldist.models.server.scores import Usage, exact, named, sampled, top
from labeldist.models.server.taken import Taken, remedy
from labeldist.models.server.thoughts import said

SPELLINGS = (("A", " A"), ("B", " B"))
OURS = (LabeldistError, MalformedError, PassingError)
KEYS = (
    "choices", "message", "content", "text", "finish_reason", "native_finish_reason", "logprobs", "top_logprobs",
    "tokens", "token_logprobs", "token", "logprob", "bytes", "id", "error", "code", "type", "param", "usage",
    "prompt_tokens", "completion_tokens", "completion_tokens_details", "prompt_tokens_details", "cached_tokens",
    "reasoning", "refusal", "value", "detail", "loc", "object", "base_resp", "status_code", "status_msg", "data",
)  # fmt: skip
TEXTS = (
    "A", " A", "▁B", "Ġ", "<think>", "</think>", "<0xE8>", "\ufffd", "stop", "length", "error", "bytes:\\xe8", "",
    "token_id:5", "token_id:x", "0404", "4" * 5000, "\ud83d", "▁\ud800", "output_text", "thinking",
)  # fmt: skip
NUMBERS = (0, -0.5, -1, 1e308, -1e308, math.inf, -math.inf, math.nan, -9999.0, 10**39, -(10**39), 2**63, True, 0.0005)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.sampled_from(NUMBERS), st.sampled_from(TEXTS), st.text(max_size=5), st.floats()
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=20,
)
TOKEN = st.fixed_dictionaries(
    {"token": st.sampled_from(TEXTS) | JSON, "logprob": st.sampled_from(NUMBERS) | st.floats() | JSON},
    optional={"bytes": st.lists(st.integers(-1, 300), max_size=4) | JSON, "id": st.integers(0, 3) | JSON},
)


def _first(tokens: list[dict[str, Any]]) -> dict[str, Any]:
    return {**tokens[0], "top_logprobs": tokens}


CHOICE = st.fixed_dictionaries(
    {},
    optional={
        "message": st.fixed_dictionaries({"content": JSON}, optional={"reasoning": JSON, "refusal": JSON}) | JSON,
        "text": JSON,
        "logprobs": st.fixed_dictionaries({"content": st.lists(st.lists(TOKEN, min_size=1, max_size=4).map(_first))})
        | st.fixed_dictionaries({"top_logprobs": JSON, "tokens": JSON, "token_logprobs": JSON})
        | JSON,
        "finish_reason": JSON,
        "error": JSON,
    },
)
ANSWER = st.one_of(
    JSON,
    st.fixed_dictionaries({"choices": st.lists(CHOICE | JSON, max_size=3)}, optional={"usage": JSON, "error": JSON}),
)

READERS: tuple[Callable[[Any], Any], ...] = (
    replies,
    thinks,
    failure_of,
    begins_with_thought,
    drawn_token,
    lambda answer: Usage.of(answer, "prompt"),
    lambda answer: top(listed(answer, 20, SPELLINGS), SPELLINGS, Usage.of(answer, "p")),
    lambda answer: exact(listed(answer), [[5], [6]], Usage.of(answer, "p")),
    lambda answer: sampled([one.text for one in replies(answer)], SPELLINGS, 1, 1),
    lambda answer: [named(one.text, SPELLINGS) for one in replies(answer)],
    lambda answer: (failure_of(answer) or Failure("", "")).meaning,
)


def check(answer: Any) -> None:
    """Every reader, on the answer as it comes over the wire."""
    try:
        value = parsed(json.dumps(answer).encode())
    except MalformedError:
        return
    for read in READERS:
        try:
            found = read(value)
        except OURS:
            continue
        json.dumps(repr(found)).encode()
    told = json.dumps(answer)
    _message(told), _param(told)


@given(ANSWER)
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_are_answers_or_errors_of_ours(answer: Any) -> None:
    check(answer)


@pytest.mark.slow
@given(ANSWER)
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_very_many_answers_are_answers_or_errors_of_ours(answer: Any) -> None:
    check(answer)


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: json.dumps({"a": text}).encode("utf-16")))
@settings(max_examples=200, deadline=None)
def test_bytes_are_json_or_malformed(data: bytes) -> None:
    try:
        parsed(data)
    except MalformedError:
        return
    json.loads(data.decode("utf-8-sig"))


@given(st.text(max_size=60) | st.from_regex(r"(at most|at least|maximum) [0-9]{1,400}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_what_is_said_of_a_failure_is_read_or_not(text: str) -> None:
    sent = {"max_tokens": 4, "temperature": 0.0, "n": 3, "top_logprobs": 20}
    for name in sent:
        remedy(Taken(), RefusedError("", said=f"{name}: {text}", param=name), sent)
    for failure in (Failure(text, text, text, text), Failure("404" + text, text)):
        assert failure.meaning
    said(text)
    retry_after(text)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2),
        b"[" + b"[]," * MOST_VALUES + b"[]]",
        b"9" * 400,
        b"-" + b"9" * 5000,
        b"0." + b"1" * 500,
        b'{"a": 1',
        b"",
        b"\xff\xfe[]",
    ],
)
def test_what_no_answer_is_like_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedError):
        parsed(body)


def test_long_answers_are_taken() -> None:
    texts = json.dumps({"choices": [{"text": "It rains, and so, on the whole, it is wet. " * 3000}] * 100}).encode()
    assert len(texts) > 10_000_000
    assert len(parsed(texts)["choices"]) == 100
    assert parsed(json.dumps(list(range(131_072))).encode())[-1] == 131_071
