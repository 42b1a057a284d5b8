"""Verbalised distributions: what is read, and what is not guessed at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.judge.verbalised import read_shares

OPTIONS = ("Entailment", "Neutral", "Contradiction")
SHARES = (
    st.lists(st.integers(0, 100), min_size=2, max_size=2).map(sorted).map(lambda c: (c[0], c[1] - c[0], 100 - c[1]))
)


@given(
    SHARES,
    st.permutations(range(3)),
    st.sampled_from(["{l}: {n}", "{l}. {o}: {n}", "- {l}) {n}%", "({l}) {o} - {n} %", "**{l}**: {n}", "{l} = {n}.0"]),
    st.sampled_from(["\n", "\n\n", ", ", "; "]),
)
def test_what_is_said_is_read_whatever_the_order(
    shares: tuple[int, ...], order: list[int], form: str, between: str
) -> None:
    answer = between.join(form.format(l="ABC"[at], o=OPTIONS[at], n=shares[at]) for at in order)
    assert read_shares(answer, OPTIONS) == pytest.approx([share / 100 for share in shares])


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "A",
        "A: 70, B: 30",  # an option is missing
        "A: 70\nB: 20\nC: 20",  # 110 annotators
        "A: 50\nA: 20\nB: 20\nC: 10",  # A twice
        "A: 70\nB: 20\nC: 5\nD: 5",  # no such option
        "A. Neutral: 70\nB. Entailment: 20\nC: 10",  # the texts of other options
        "A: 70\nB: 20\nC: 10\nI am not sure.",
        "Sure! A: 70, B: 20, C: 10",
        "A: -70\nB: 160\nC: 10",
        "A: 70 to 80\nB: 10\nC: 10",
        "A: nan\nB: 50\nC: 50",
        "A: 0\nB: 0\nC: 0",
        "{'A': 70, 'B': 20, 'C': 10}",
    ],
)
def test_nothing_is_guessed(answer: str) -> None:
    assert read_shares(answer, OPTIONS) is None


@given(st.text())
def test_any_text_is_an_answer_or_none(answer: str) -> None:
    found = read_shares(answer, OPTIONS)
    assert found is None or sum(found) == pytest.approx(1)


def test_rounded_numbers() -> None:
    assert read_shares("A: 33\nB: 33\nC: 33", OPTIONS) == pytest.approx((1 / 3,) * 3)
    assert read_shares("A: 33.3\nB: 33.3\nC: 33.4", OPTIONS) == pytest.approx((0.333, 0.333, 0.334))
    assert read_shares("A: 30\nB: 33\nC: 33", OPTIONS) is None
