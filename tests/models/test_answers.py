"""Answer tokens come from the rendered prompt, through tokenizers that merge, share and prefix tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from labeldist.core.errors import UnavailableError
from labeldist.core.item import Explanation, Item
from labeldist.judging.judge import JudgeSettings, judge
from labeldist.judging.prompts import JudgePrompt
from labeldist.judging.scoring import option_scores
from labeldist.models.answers import answer_tokens
from labeldist.models.scripted import Rule, Scripted
from labeldist.models.tokens import TokenScores
from labeldist.tasks.load import load_task


class Words(Scripted):
    """Tokens are words with the space before them, as in SentencePiece: "A" and " A" are different tokens."""

    def __init__(self) -> None:
        super().__init__(name="words")
        self.vocabulary: dict[str, int] = {}
        self.asked: list[tuple[int, ...]] = []

    def encode(self, prompt: str, reply: str = "") -> list[int]:
        pieces = (prompt + reply).replace(" ", "\0 ").replace(":", ":\0").split("\0")
        return [0, *(self.vocabulary.setdefault(piece, len(self.vocabulary) + 1) for piece in pieces if piece)]

    def next_token_scores(self, sequences: Sequence[Sequence[int]], tokens: Sequence[Sequence[int]]) -> TokenScores:
        self.asked += [tuple(sequence) for sequence in sequences]
        logits = np.array([[float(token) for token in wanted] for wanted in tokens], dtype=np.float32)
        return TokenScores(logits, np.full(len(sequences), 100, dtype=np.float32))


def test_several_spellings_are_several_tokens_of_one_option() -> None:
    model = Words()
    found = answer_tokens(model, "Answer:", [["A", " A"], ["B", " B"]])
    by_id = {index: piece for piece, index in model.vocabulary.items()}
    assert [[by_id[token] for token in tokens] for tokens in found] == [["A", " A"], ["B", " B"]]


def test_a_token_that_begins_two_options_means_neither() -> None:
    # Bytes: " true" and " false" both begin with a space, "true" and "false" do not.
    found = answer_tokens(Scripted(), "Answer:", [["true", " true"], ["false", " false"]])
    assert found == ((ord("t"),), (ord("f"),))


def test_options_with_one_first_token_are_refused() -> None:
    with pytest.raises(UnavailableError, match="first token"):
        answer_tokens(Scripted(), "Answer:", [["true"], ["trouble"]])


def test_a_spelling_that_merges_into_the_prompt_is_no_answer_token() -> None:
    with pytest.raises(UnavailableError, match="first token"):
        answer_tokens(Words(), "Ans", [["wer"], ["wers"]])


def test_probabilities_of_the_tokens_of_one_option_are_summed() -> None:
    model = Words()
    prompt = JudgePrompt("Answer:", (("A", " A"), ("B",)))
    [scores] = option_scores(model, [prompt], ("yes", "no"))
    a, spaced, b = (model.vocabulary[piece] for piece in ("A", " A", "B"))
    assert scores.logits == pytest.approx((math.log(math.exp(a) + math.exp(spaced)), b))


def test_prompts_with_the_same_tokens_are_computed_once() -> None:
    model = Words()
    item = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
    same = [Explanation("Rain is wet.", "entailment")] * 2
    [mjd] = judge([(item, same)], load_task("nli"), model, JudgeSettings())
    assert mjd.orders == 12
    assert len(model.asked) == len(set(model.asked)) == 6


def test_logits_follow_the_label_and_not_the_place() -> None:
    model = Scripted([Rule("", answers=(("A", 5.0), ("B", 1.0), ("C", 0.0)))])
    item = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
    [mjd] = judge([(item, [])], load_task("nli"), model, JudgeSettings())
    # The model always says A: over all orders of the options that is the uniform distribution.
    assert mjd.distribution.probabilities == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert min(mjd.spread) > 0.1


def test_the_answers_are_those_of_the_label_asked_for() -> None:
    rules = [
        Rule("A. Neutral", answers=(("A", 9.0), ("B", 0.0), ("C", 0.0))),
        Rule("B. Neutral", answers=(("A", 0.0), ("B", 9.0), ("C", 0.0))),
        Rule("C. Neutral", answers=(("A", 0.0), ("B", 0.0), ("C", 9.0))),
    ]
    item = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
    [mjd] = judge([(item, [])], load_task("nli"), Scripted(rules), JudgeSettings())
    assert mjd.distribution.as_dict()["neutral"] > 0.999
