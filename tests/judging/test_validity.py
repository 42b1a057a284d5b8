"""Validity of explanations: its definition by hand, a known truth given back, the tree, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeldist.core.errors import ModelError, UsageError
from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task
from labeldist.judging.judge import judge
from labeldist.judging.settings import JudgeSettings
from labeldist.judging.transform import read_transform
from labeldist.judging.validity import Validity, read_per_cent, stated_prompt, validate, validity_prompts
from labeldist.models.base import AnswerScores, Capabilities, Question, Written
from labeldist.models.open import open_model
from labeldist.models.prompt_tree import grow
from labeldist.models.scripted import Rule, Scripted
from labeldist.tasks.load import load_task, shipped_tasks

NLI = load_task("nli")
LABELS = NLI.label_names
ITEM = Item("1", {"premise": "It rains in the small town all day long.", "hypothesis": "The streets are wet."})
REASONS = [Explanation(f"Reason number {at}.", LABELS[at % 3]) for at in range(7)]
PROBABILITY = read_transform("softmax:1")


class Judge:
    """Says yes to a reason with a known probability, more or less so by the order of the options."""

    name, revision, answer_style, transform, max_new_tokens = "judge", "1", "letters", "softmax:20", 256

    def __init__(self, truth: Mapping[str, float], tilt: float = 0.0, says: Sequence[str] = (), **able: Any) -> None:
        self.truth, self.tilt, self.says = truth, tilt, says
        self.capabilities = Capabilities(**able)

    def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
        found = {}
        for at, question in enumerate(questions):
            yes = next(value for text, value in self.truth.items() if text in question.prompt)
            lean = self.tilt if "Yes, No" in question.prompt else -self.tilt
            # Much is left to tokens that are no answer.
            logits = (math.log(yes / (1 - yes)) + lean, 0.0)
            assert question.answers[0][0] == "Yes"
            found[at] = AnswerScores(logits, logits, 9.0, 1)
        yield found

    def write(
        self, prompts: Sequence[str], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[Mapping[int, Written]]:
        assert temperature == (1.0 if len(self.says) > 1 else 0.0)
        for at, prompt in enumerate(prompts):
            yes = next(value for text, value in self.truth.items() if text in prompt)
            said = self.says[seed % len(self.says)]
            yield {at: Written(said.format(round(100 * yes)), 1, 1)}


def ask(model: Any, reasons: Sequence[Explanation] = REASONS, task: Task = NLI, **how: Any) -> Validity:
    [found] = validate([(ITEM, reasons)], task, model, PROBABILITY, **how)
    return found


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.01, 0.99), min_size=7, max_size=7), st.floats(-3, 3))
def test_validity_is_by_its_definition(truth: list[float], tilt: float) -> None:
    """The mean over both orders of e^yes / (e^yes + e^no), then the mean or the maximum over a label's reasons."""
    expected, mass = [], []
    for value in truth:
        both = [value / (1 - value) * math.exp(lean) for lean in (tilt, -tilt)]
        expected.append(sum(odds / (odds + 1) for odds in both) / 2)
        mass += [(odds + 1) / math.exp(9) for odds in both]
    model = Judge({one.text: value for one, value in zip(REASONS, truth, strict=True)}, tilt)
    found, best = ask(model), ask(model, per_label="max")
    assert found.values == pytest.approx(expected)
    of_label = {label: expected[at::3] for at, label in enumerate(LABELS)}
    means = {label: sum(values) / len(values) for label, values in of_label.items()}
    assert found.scores == found.mean == pytest.approx(means)
    assert best.scores == found.maximum == pytest.approx({label: max(values) for label, values in of_label.items()})
    total = sum(means.values())
    assert found.distribution == pytest.approx({label: value / total for label, value in means.items()})
    assert found.questions == 14
    assert set(found.standard_error.values()) == {0.0}, "both orders are all"
    assert found.answer_mass == pytest.approx(sum(mass) / 14)


def test_what_the_order_of_yes_and_no_is_worth_is_the_spread() -> None:
    truth = {one.text: 0.2 + 0.1 * at for at, one in enumerate(REASONS)}
    assert max(ask(Judge(truth)).spread.values()) < 1e-12
    assert max(ask(Judge(truth, 1.0)).spread.values()) > 0.01


def test_a_stated_truth_is_given_back_and_what_is_no_number_is_counted() -> None:
    truth = {one.text: 0.1 * (1 + at) for at, one in enumerate(REASONS)}
    found = ask(Judge(truth, says=["{}%"]), stated=True)
    assert found.values == pytest.approx([0.1 * (1 + at) for at in range(7)])
    assert (found.questions, found.unread) == (7, ())
    assert all(map(math.isnan, found.standard_error.values())), "one sample tells nothing of others"
    several = ask(
        Judge(truth, says=["{}", "I would rather not say.", "{}", "Somewhere near {}"]), stated=True, samples=4
    )
    assert several.values == pytest.approx(found.values)
    assert several.questions == 14
    assert [kind for kind, _ in several.unread] == ["refused", "partial"] * 7
    assert several.unread[1][1] == "Somewhere near 10"
    with pytest.raises(ModelError, match=r"about the label 'entailment' is a number from 0 to 100 \(7 refused\)"):
        ask(Judge(truth, says=["No comment."]), stated=True)


def test_the_standard_error_of_samples_is_that_of_their_mean() -> None:
    """Two samples, of which the second doubles the odds of nothing but one label; by hand."""
    reasons = REASONS[:3]

    class Two(Judge):
        def write(self, prompts: Sequence[str], **how: Any) -> Iterator[Mapping[int, Written]]:
            second = how["seed"] % 1000 == 1
            yield {
                at: Written("80" if second and "number 0" in prompt else "40", 1, 1)
                for at, prompt in enumerate(prompts)
            }

    found = ask(Two({}), reasons, stated=True, samples=2, seed=3)
    # Shares of the first label: 40 of 120, then 80 of 160; a standard deviation over root two is half the distance.
    assert found.standard_error[LABELS[0]] == pytest.approx((1 / 2 - 1 / 3) / 2)
    assert found.scores[LABELS[0]] == pytest.approx(0.6)


@pytest.mark.parametrize("answer", ["", "yes", "101", "-5", "0.7", "1.0", "70 to 80", "70, 80", "about 70", "70\n80"])
def test_what_is_no_percentage_is_not_guessed_at(answer: str) -> None:
    assert read_per_cent(answer) is None


@pytest.mark.parametrize(
    ("answer", "share"), [("0", 0), ("100.", 1), ("**75%**", 0.75), ("７５％", 0.75), ("0.5%", 0.005)]
)
def test_percentages(answer: str, share: float) -> None:
    assert read_per_cent(answer) == pytest.approx(share)


def test_a_label_without_a_reason_is_refused_and_named() -> None:
    with pytest.raises(ModelError, match="no explanation of the labels 'neutral', 'contradiction'"):
        ask(Judge({"": 0.5}), REASONS[:1])


def test_the_tree_gives_what_one_prompt_at_a_time_gives() -> None:
    model: Any = open_model("embedded")
    prompts = [prompt for reason in REASONS for prompt in validity_prompts(NLI, ITEM, reason)]
    sequences = [model.encode(prompt.text) for prompt in prompts]
    assert len(grow(sequences).ids) < sum(map(len, sequences)) / 3, "little is shared"
    together = ask(model)
    alone = []
    for prompt in prompts:
        [portion] = model.answer_scores([Question(prompt.text, prompt.answers)])
        yes, no = portion[0].logits
        alone.append(1 / (1 + math.exp(no - yes)))
    expected = [(first + second) / 2 for first, second in zip(alone[::2], alone[1::2], strict=True)]
    assert together.values == pytest.approx(expected, abs=1e-5)
    assert len({round(value, 4) for value in expected}) > 1


@pytest.mark.parametrize("name", shipped_tasks())
def test_every_task_asks_it_item_first_in_its_language(name: str) -> None:
    task = load_task(name)
    item = Item("1", task.example or {})
    texts = []
    for label in (task.labels[0], task.labels[-1]):
        first, second = validity_prompts(task, item, Explanation("{Because} of x.", label.name))
        stated = stated_prompt(task, item, Explanation("{Because} of x.", label.name))
        for text in (first.text, second.text, stated):
            assert "{Because} of x." in text
            assert next(iter(label.options.values())) in text.partition("{Because} of x.")[0]
            assert "<" not in text
        assert first.options == second.options[::-1]
        assert first.answers == second.answers
        yes, no = ({spelling.strip().encode()[0] for spelling in spellings} for spellings in first.answers)
        assert not yes & no, "a byte that begins both answers tells nothing"
        texts.append(first.text)
    common = next(at for at, (one, other) in enumerate(zip(*texts, strict=False)) if one != other)
    assert all(texts[0].index(value) + len(value) <= common for value in item.fields.values())
    scripts = {"ko": ("가", "힣"), "zh": ("一", "鿿")}
    if task.language in scripts:
        low, high = scripts[task.language]
        asked = texts[0].rpartition("{Because}")[2]
        assert sum(low <= sign <= high for sign in asked) > sum(sign.isascii() and sign.isalpha() for sign in asked)


def test_a_model_without_log_probabilities_is_asked_for_numbers() -> None:
    wanted = JudgeSettings(style="validity")
    for able, style in (
        ({}, "validity"),
        ({"scores": "top"}, "validity"),
        ({"scores": "sampled:20"}, "stated-validity"),
    ):
        assert wanted.for_model(Judge({}, **able)).style == style
    assert wanted.for_model(Judge({})).transform == "softmax:1", "a probability, not what suits the model's letters"
    with pytest.raises(UsageError, match="transform 'softmax:2' of what a model says"):
        JudgeSettings(style="stated-validity", transform="softmax:2").for_model(Judge({}))
    mute = Scripted([Rule("", text="80")])
    mute.capabilities = Capabilities(generate=False)
    with pytest.raises(ModelError, match="does not generate text"):
        ask(mute, stated=True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (JudgeSettings(per_label="max"), "--per-label with answers in letters"),
        (JudgeSettings(style="validity", per_label="sum"), "'sum' per label"),
        (JudgeSettings(style="validity", paraphrases=2), "--paraphrases with answers in validity"),
        (JudgeSettings(average="log"), "--average with answers in letters"),
        (JudgeSettings(style="validity", samples=5), "--samples of answers in validity by a model that gives log"),
        (JudgeSettings(samples=5), "--samples of answers in letters"),
        (JudgeSettings(style="verbalised", average="geometric"), "average 'geometric'"),
        (JudgeSettings(style="verbalised", samples=0), "0 samples"),
    ],
)
def test_settings_that_mean_nothing_are_refused(given: JudgeSettings, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        given.for_model(Scripted())


def test_an_mjd_is_no_validity() -> None:
    with pytest.raises(UsageError, match="asked of explanations, not of items"):
        judge([(ITEM, [])], NLI, Scripted(), JudgeSettings(style="validity"))
