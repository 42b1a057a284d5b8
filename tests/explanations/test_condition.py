"""Condition specs: what they mean, their names, their errors."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Annotation, Explanation, Item
from labeldist.explanations.condition import Condition, parse_condition
from labeldist.tasks.load import load_task

TASK = load_task("nli")
SPECS = {
    "none": (Condition("none"), False),
    "human": (Condition("human"), True),
    "label-free": (Condition("label-free"), False),
    "label-free:longest": (Condition("label-free", ranking="longest"), False),
    "label-guided:random": (Condition("label-guided", ranking="random"), True),
    "annotators": (Condition("annotators"), True),
    "mnli-guided": (Condition("label-guided", group="mnli"), True),
    "varierr-guided:longest": (Condition("label-guided", group="varierr", ranking="longest"), True),
}
ITEM = Item(
    "1",
    {},
    (Annotation("neutral", "mnli/1"), Annotation("entailment", "varierr/1"), Annotation("neutral", "varierr/2")),
    (Explanation("H1", "neutral"), Explanation("M", "neutral", "model"), Explanation("H2", "entailment")),
)
POOL = [Explanation(text, label, "m") for label in TASK.label_names for text in (label[0], label[0] * 2)]


@pytest.mark.parametrize("spec", SPECS)
def test_a_spec_and_its_name(spec):
    condition, saw_labels = SPECS[spec]
    assert parse_condition(spec) == parse_condition(spec, ["mnli", "varierr"]) == condition
    assert condition.name == spec
    assert condition.saw_labels is saw_labels


@settings(deadline=None)
@given(st.from_regex(r"[a-z0-9_-]{1,12}", fullmatch=True), st.sampled_from(["first", "longest", "random"]))
def test_every_name_reads_back_as_its_condition(group, ranking):
    if group == "label":
        return
    condition = Condition("label-guided", group=group, ranking=ranking)
    assert parse_condition(condition.name) == condition


def test_the_default_ranking_is_left_out_of_the_name():
    assert parse_condition("label-free:first").name == "label-free"
    assert parse_condition("human:first").name == "human"


@pytest.mark.parametrize(
    ("spec", "groups", "near"),
    [
        ("humn", None, "human"),
        ("label-fre", None, "label-free"),
        ("lable-guided", ["mnli"], "label-guided"),
        ("varier-guided", ["mnli", "varierr"], "varierr-guided"),
        ("label-free:longst", None, "longest"),
        ("mnli-guided:frist", None, "first"),
    ],
)
def test_a_misspelt_spec_is_told_the_nearest(spec, groups, near):
    with pytest.raises(UsageError) as caught:
        parse_condition(spec, groups)
    assert f"did you mean '{near}'?" in caught.value.hint


@pytest.mark.parametrize("spec", ["", "-guided", "guided", "label-free:", "none:longest", "human:random", "a:b-guided"])
def test_a_spec_that_means_nothing_is_refused(spec):
    with pytest.raises(UsageError):
        parse_condition(spec)


@pytest.mark.parametrize(
    "arguments",
    [("nothing",), ("label-free", "mnli"), ("label-guided", "label"), ("label-guided", ""), ("label-guided", "a:b")],
)
def test_a_condition_without_a_name_of_its_own_cannot_be_made(arguments):
    with pytest.raises(UsageError):
        Condition(*arguments)


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        ("none", []),
        ("human", ["H1", "H2"]),
        ("label-free", ["e", "n", "c"]),
        ("label-guided", ["e", "n", "nn"]),
        ("annotators:longest", ["nn", "ee", "n"]),
        ("mnli-guided", ["n"]),
        ("varierr-guided:longest", ["ee", "nn"]),
    ],
)
def test_what_the_judge_sees(spec, texts):
    chosen = parse_condition(spec).choose(ITEM, POOL, TASK)
    assert [e.text for e in chosen] == texts
    assert parse_condition(spec).wanted(ITEM, TASK) == tuple(e.label for e in chosen)


def test_the_seed_reaches_the_selection():
    drawn = {parse_condition("label-free:random").choose(ITEM, POOL, TASK, seed=seed) for seed in range(40)}
    assert len(drawn) == 8


def test_human_without_human_explanations_says_what_to_do():
    with pytest.raises(InputError, match="no human explanation of item '2'") as caught:
        parse_condition("human").choose(Item("2", {}), POOL, TASK)
    assert "label-free" in caught.value.hint
