"""What each experiment shows the judge, on the published items."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from labeldist.calls.recorded import Recorded
from labeldist.calls.store import Store
from labeldist.core.item import Explanation, Item
from labeldist.datasets.source import open_source
from labeldist.evaluation.metric import METRICS
from labeldist.experiments.conditions import guided, human_explanations
from labeldist.experiments.context import ExperimentContext
from labeldist.experiments.named import content, explanations, labels, replacement
from labeldist.experiments.settings import ExperimentSettings
from labeldist.explanations.condition import parse_condition
from labeldist.models.scripted import Scripted
from labeldist.runs.own import OwnFiles
from labeldist.runs.stage_report import StageReport
from labeldist.runs.stages import explanation_pool

PARSER = "mjd-estimator:llama3"


@pytest.fixture
def context(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ExperimentContext]:
    """A context with the first 40 published items and Llama3's explanations of them."""
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    dataset = open_source("mjd-estimator", limit=40)
    items = tuple(dataset.items())
    with Store(tmp_path / "calls.sqlite") as store, Recorded(Scripted(), store) as judge:
        yield ExperimentContext(
            settings=ExperimentSettings("any"),
            dataset=dataset,
            items=items,
            groups=("mnli", "varierr"),
            of_pool=explanation_pool("llama3", PARSER),
            judge=judge,
            own=OwnFiles(tmp_path / ".own"),
            metrics=(METRICS.get("tvd"),),
            report=StageReport(),
            out=tmp_path,
        )


def test_replacement_goes_from_all_human_to_the_guided_selection(context: ExperimentContext) -> None:
    varierr = parse_condition("varierr-guided")
    for item in context.items:
        human = human_explanations(item)
        shown = [replacement.replaced(context, item, count, draw=1) for count in range(5)]
        assert shown[0] == list(human)
        by_model = varierr.choose(item, context.of_pool(item), context.task)
        assert Counter(one.text for one in shown[4]) == Counter(one.text for one in by_model)
        for count, (before, after) in enumerate(itertools.pairwise(shown)):
            assert [one.label for one in after] == [one.label for one in human]
            assert sum(one.source == "human" for one in after) == 3 - count
            # What was replaced stays replaced: one place changes at a time.
            assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def test_draws_of_replacement_differ_and_come_again(context: ExperimentContext) -> None:
    def places(draw: int) -> list[list[int]]:
        shown = (replacement.replaced(context, item, 2, draw) for item in context.items)
        return [[at for at, one in enumerate(row) if one.source != "human"] for row in shown]

    assert places(0) == places(0)
    assert places(0) != places(1)


def test_content_is_taken_away_and_nothing_else(context: ExperimentContext) -> None:
    changes = content.changes(context, "human", human_explanations)
    texts = {item.id: Counter(one.text for one in human_explanations(item)) for item in context.items}
    vocabulary = {word for found in texts.values() for text in found for word in text.split()}
    for item in context.items:
        written = changes["as written"](item, draw=0)
        assert list(written) == list(human_explanations(item))
        other, shuffled, noise, bare = (
            changes[name](item, draw=0) for name in (content.OTHER, content.SHUFFLED, content.NOISE, content.BARE)
        )
        for changed in (other, shuffled, noise, bare):
            assert [one.label for one in changed] == [one.label for one in written]
        for was, now in zip(written, other, strict=True):
            assert any(now.text in texts[id_] for id_ in texts if id_ != item.id), was
        for was, now in zip(written, shuffled, strict=True):
            assert Counter(was.text.split()) == Counter(now.text.split())
        for was, now in zip(written, noise, strict=True):
            assert len(was.text.split()) == len(now.text.split())
            assert set(now.text.split()) <= vocabulary
        assert all(not one.text for one in bare)
    assert any(
        list(changes[content.SHUFFLED](item, draw=0)) != list(human_explanations(item)) for item in context.items
    )


def test_fewer_labels_are_part_of_more(context: ExperimentContext) -> None:
    for item in context.items:
        kept = [labels.with_labels(context, item, count, draw=2) for count in range(10)]
        assert [len(one.labels) for one in kept] == list(range(10))
        assert Counter(kept[9].labels) == Counter(item.labels)
        for fewer, more in itertools.pairwise(kept):
            assert Counter(fewer.labels) < Counter(more.labels)


def test_equal_counts_ask_the_judge_the_same(context: ExperimentContext) -> None:
    """The order of the draw must not cost model calls: labels stand in the order of the task."""
    item = context.items[0]
    for draw in range(5):
        names = [annotation.label for annotation in labels.with_labels(context, item, 6, draw).labels]
        assert names == sorted(names, key=context.labels.index)


def test_more_explanations_of_each_label(context: ExperimentContext) -> None:
    item = context.items[0]
    pool = {label: [one for one in context.of_pool(item) if one.label == label] for label in context.labels}
    for count in (1, 2, 3):
        shown = explanations.first_of_each(context, item, count)
        for label in context.labels:
            wanted = (pool[label] + [pool[label][0]] * count)[:count]
            assert [one for one in shown if one.label == label] == wanted
        assert list(explanations.nth_of_each(context, item, count)) == list(shown[-3:])


def test_every_group_that_labelled_all_items_guides(context: ExperimentContext) -> None:
    assert [condition.name for condition in guided(context)] == ["mnli-guided", "varierr-guided"]


def test_an_item_whose_explanations_cannot_be_chosen_is_named(context: ExperimentContext) -> None:
    lacking = context.items[3].id

    def pool(item: Item) -> list[Explanation]:
        return [] if item.id == lacking else list(context.of_pool(item))

    def first(item: Item) -> list[Explanation]:
        return list(partial(parse_condition("label-free").choose, item, pool(item), context.task)())

    judged = context.judged("first", first, saw_labels=False)
    assert lacking not in judged.distributions
    assert len(judged.distributions) == 39
    assert [failure.id for failure in context.report.failures] == [lacking]
