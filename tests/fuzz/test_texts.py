"""Whatever a model or a server says, reading it ends with an answer or an error of ours."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import strategies as st
from tests.fuzz.mutations import EDITS, fuzz, mutated

from labeldist.core.errors import LabeldistError
from labeldist.explanations.parse import parse
from labeldist.judging.verbalised import read_shares
from labeldist.models.server.failures import MalformedError
from labeldist.models.server.listing import listed
from labeldist.models.server.reply import failure_of, replies
from labeldist.models.server.scores import Usage, sampled, top

TEXTS = ["1. Rain is wet.\n2. **Title**: It may dry.\n- one\n  - nested", "| a | b |\n|---|---|\n| 1 | x |",
         '{"explanations": ["It rains.", "So it is wet."]}', "A: 70%, B: 20, C: 10"]  # fmt: skip
OPTIONS = (("A",), ("B",), ("C",))
TOP = [{"token": "A", "logprob": -0.5, "bytes": [65]}, {"token": " B", "logprob": -1.5, "bytes": [32, 66]}]
ANSWER = {
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "A"}, "text": "A",
         "logprobs": {"content": [{"token": "A", "logprob": -0.5, "bytes": [65], "top_logprobs": TOP}]}}
    ],
    "usage": {"prompt_tokens": 9, "completion_tokens": 1},
}  # fmt: skip
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def read(answer: Any) -> None:
    for reader in (
        failure_of,
        replies,
        listed,
        lambda told: Usage.of(told, "prompt"),
        lambda told: top(listed(told, 2, OPTIONS), OPTIONS, Usage.of(told, "prompt")),
        lambda told: sampled([one.text for one in replies(told)], OPTIONS, 1, 1),
    ):
        with suppress(LabeldistError, MalformedError):  # the latter is made an error of ours where it is asked again
            reader(answer)


def test_answers_of_servers_with_odd_parts() -> None:
    fuzz(lambda found: read(replaced(ANSWER, *found)), st.tuples(st.sampled_from(places(ANSWER)), ODD), quick=300)


def test_answers_of_servers_with_other_bytes() -> None:
    valid = json.dumps(ANSWER).encode()

    def check(edits: list[tuple[str, float, int, int]]) -> None:
        with suppress(ValueError, RecursionError):
            read(json.loads(mutated(valid, edits)))

    fuzz(check, EDITS, quick=200)


@pytest.mark.parametrize("profile", ["clean", "mjd-estimator:llama3", "mjd-estimator:mixtral", "mjd-estimator:gpt4o"])
def test_explanations(profile: str) -> None:
    def check(found: tuple[str, list[tuple[str, float, int, int]]]) -> None:
        text = mutated(found[0].encode(), found[1]).decode(errors="replace")
        with suppress(LabeldistError):
            parse(text, profile)

    fuzz(check, st.tuples(st.sampled_from(TEXTS) | st.text(), EDITS))


def test_verdicts() -> None:
    def check(found: tuple[str, list[tuple[str, float, int, int]]]) -> None:
        text = mutated(found[0].encode(), found[1]).decode(errors="replace")
        with suppress(LabeldistError):
            read_shares(text, ("yes", "maybe", "no"))

    fuzz(check, st.tuples(st.sampled_from(TEXTS) | st.text(), EDITS))
