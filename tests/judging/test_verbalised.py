"""Verbalised distributions: what is read, and what is not guessed at."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.core.errors import ModelError, UsageError
from labeldist.core.item import Item
from labeldist.judging.judge import JudgeSettings, judge
from labeldist.judging.verbalised import read_shares
from labeldist.models.scripted import Rule, Scripted
from labeldist.tasks.load import load_task

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


ITEM = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
SAID = "A: 70\nB: 30\nC: 0"
SETTINGS = JudgeSettings("all", style="verbalised", paraphrases=1)


def test_the_mjd_is_the_mean_of_what_is_said_by_label() -> None:
    """Over all six orders of the options, of which one gets an answer of its own; computed by hand."""
    rules = [Rule("\nA. Neutral \nB. Entailment \nC. Contradiction", text="A: 10\nB: 90\nC: 0"), Rule("", text=SAID)]
    [mjd] = judge([(ITEM, [])], load_task("nli"), Scripted(rules), SETTINGS)
    # ENC, ECN, NEC, NCE, CEN, CNE: entailment 70, 70, 90, 0, 30, 0; neutral 30, 0, 10, 70, 0, 30.
    expected = {"entailment": 260 / 6, "neutral": 140 / 6, "contradiction": 200 / 6}
    assert {label: 100 * share for label, share in mjd.distribution.as_dict().items()} == pytest.approx(expected)
    assert (mjd.orders, mjd.answers, mjd.unread) == (6, 6, ())
    assert mjd.standard_error == (0, 0, 0), "all orders were asked"


def test_answers_that_cannot_be_read_are_counted_and_most_of_them_are_too_many() -> None:
    refused = [Rule("\nA. Neutral", text="I cannot tell."), Rule("", text=SAID)]
    [mjd] = judge([(ITEM, [])], load_task("nli"), Scripted(refused), SETTINGS)
    assert (mjd.orders, mjd.answers) == (4, 4)
    assert mjd.unread == (("refused", "I cannot tell."),) * 2
    assert min(mjd.standard_error) > 0
    refused.insert(0, Rule("\nA. Contradiction", text="Nor here."))
    with pytest.raises(ModelError, match=r"4 of 6 answers .* \(4 refused\), such as 'I cannot tell.'"):
        judge([(ITEM, [])], load_task("nli"), Scripted(refused), SETTINGS)


def test_what_is_said_is_taken_as_it_is() -> None:
    with pytest.raises(UsageError, match="softmax:1"):
        judge([(ITEM, [])], load_task("nli"), Scripted(), JudgeSettings(style="verbalised", transform="softmax:20"))
