"""Selection against a naive restatement of the rules."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeldist.core.errors import InputError, ModelError, UsageError
from labeldist.core.item import Annotation, Explanation, Item
from labeldist.explanations.select import GUIDES, RANKINGS, Selection, follow, select
from labeldist.tasks.load import load_task

TASK = load_task("nli")
LABELS = TASK.label_names

pools = st.fixed_dictionaries({label: st.lists(st.text(max_size=4), min_size=1, max_size=5) for label in LABELS})
annotations = st.lists(
    st.builds(Annotation, st.sampled_from(LABELS), st.sampled_from(["mnli/1", "varierr/1", "solo", None])), max_size=9
)


def explanations(texts: dict[str, list[str]]) -> list[Explanation]:
    return [Explanation(text, label, "m") for label, listed in texts.items() for text in listed]


def naive(ranked: list[str], uses: int) -> list[str]:
    """A, B, A, A: the pool, then its first, as often as needed."""
    return (ranked + [ranked[0]] * uses)[:uses]


@settings(deadline=None)
@given(pools, annotations, st.sampled_from([None, "mnli", "varierr"]), st.sampled_from(["first", "longest"]))
def test_label_guided_is_the_naive_rule(texts, given_labels, group, ranking):
    item = Item("1", {}, tuple(given_labels))
    counts = item.label_counts(LABELS, group)
    selection = Selection("label-guided", group, ranking)
    if not sum(counts):
        with pytest.raises(InputError, match="no label of item '1'") as caught:
            select(item, explanations(texts), TASK, selection)
        assert "label-free" in caught.value.hint
        return
    chosen = select(item, explanations(texts), TASK, selection)
    expected = []
    for label, count in zip(LABELS, counts, strict=True):
        ranked = sorted(texts[label], key=lambda text: -len(text)) if ranking == "longest" else texts[label]
        expected += [Explanation(text, label, "m") for text in naive(ranked, count)]
    assert list(chosen) == expected


@settings(deadline=None)
@given(pools, annotations.filter(bool), st.sampled_from(["first", "longest", "random"]), st.integers())
def test_the_counts_per_label_are_those_of_the_annotators(texts, given_labels, ranking, seed):
    item = Item("1", {}, tuple(given_labels))
    for guide in ("label-guided", "annotators"):
        chosen = select(item, explanations(texts), TASK, Selection(guide, ranking=ranking, seed=seed))
        assert tuple(sum(e.label == label for e in chosen) for label in LABELS) == item.label_counts(LABELS)
        assert {e.label for e in chosen} <= set(LABELS)
    in_order = select(item, explanations(texts), TASK, Selection("annotators", ranking=ranking, seed=seed))
    assert [e.label for e in in_order] == [a.label for a in given_labels]


@settings(deadline=None)
@given(pools, st.permutations(LABELS), st.integers())
def test_label_free_takes_one_of_each_label_in_the_order_asked_for(texts, order, seed):
    chosen = select(
        Item("1", {}), explanations(texts), TASK, Selection(ranking="random", seed=seed, label_order=tuple(order))
    )
    assert [e.label for e in chosen] == list(order)


@settings(deadline=None)
@given(st.lists(st.text(max_size=3), min_size=1, max_size=6), st.integers(), st.integers(0, 12))
def test_a_random_ranking_uses_all_before_it_repeats_its_first(texts, seed, uses):
    listed = [Explanation(text, "neutral", "m") for text in texts]
    chosen = [e.text for e in follow(Item("1", {}), listed, ["neutral"] * uses, ranking="random", seed=seed)]
    once = [e.text for e in follow(Item("1", {}), listed, ["neutral"] * len(texts), ranking="random", seed=seed)]
    assert sorted(once) == sorted(texts)
    assert chosen == naive(once, uses)


def test_random_depends_on_seed_item_and_label_and_on_nothing_else():
    listed = [Explanation(str(number), label, "m") for label in LABELS for number in range(30)]

    def order(item_id: str, sequence: list[str], seed: int) -> list[str]:
        chosen = follow(Item(item_id, {}), listed, sequence, ranking="random", seed=seed)
        return [e.text for e in chosen if e.label == "neutral"]

    base = order("1", ["neutral"] * 30, 0)
    assert base == order("1", ["entailment", *["neutral"] * 30, "contradiction"], 0)
    assert base != order("1", ["neutral"] * 30, 1)
    assert base != order("2", ["neutral"] * 30, 0)
    entailment = follow(Item("1", {}), listed, ["entailment"] * 30, ranking="random")
    assert base != [e.text for e in entailment]
    assert base[:8] == ["16", "25", "24", "14", "5", "4", "0", "18"]


def test_longest_breaks_ties_by_the_listed_order_and_the_pool_repeats_its_first():
    listed = [Explanation(text, "neutral", "m") for text in ("bb", "a", "cc")]
    chosen = follow(Item("1", {}), listed, ["neutral"] * 5, ranking="longest")
    assert [e.text for e in chosen] == ["bb", "cc", "a", "bb", "bb"]


def test_an_empty_pool_names_item_and_label():
    with pytest.raises(ModelError, match=r"no explanation for label 'neutral' of item '61429c'"):
        select(Item("61429c", {}), explanations({"entailment": ["A"]}), TASK, Selection())


def test_a_group_without_annotators_names_the_groups_there_are():
    item = Item("1", {}, (Annotation("neutral", "mnli/1"), Annotation("neutral", "varierr/1")))
    with pytest.raises(InputError, match="group 'chaos'") as caught:
        select(item, [], TASK, Selection("label-guided", group="chaos"))
    assert "mnli, varierr" in caught.value.hint


def test_a_label_that_is_not_of_the_task_is_not_dropped_silently():
    item = Item("1", {}, (Annotation("neutral"), Annotation("maybe")))
    with pytest.raises(InputError, match="label 'maybe' of item '1'"):
        select(item, explanations({"neutral": ["A"]}), TASK, Selection("label-guided"))


@pytest.mark.parametrize("order", [("e", "n"), ("e", "n", "n"), ("e", "n", "c", "c")])
def test_a_label_order_names_every_label_once(order):
    with pytest.raises(UsageError, match="is not one of all labels"):
        select(Item("1", {}), [], TASK, Selection(label_order=order))


def test_the_registered_names_and_the_errors_for_others():
    assert set(GUIDES.names()) == {"annotators", "label-free", "label-guided"}
    assert set(RANKINGS.names()) == {"diverse", "first", "longest", "random", "similar"}
    with pytest.raises(UsageError, match="no guide is named 'label-gided'") as caught:
        select(Item("1", {}), [], TASK, Selection("label-gided"))
    assert "did you mean 'label-guided'?" in caught.value.hint
    with pytest.raises(UsageError, match="no ranking is named 'longst'"):
        follow(Item("1", {}), [], [], ranking="longst")
