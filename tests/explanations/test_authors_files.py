"""Acceptance: the authors' 18 selected files, byte for byte, from the raw answers of the three models."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task
from labeldist.explanations.generate import parsed_explanations
from labeldist.explanations.select import Selection, follow, select

MODELS = ("llama3", "mixtral", "gpt4o")
CONDITIONS = ("label-free", "varierr-guided", "mnli-guided")
RANKINGS = ("first", "longest")
FILES = [(model, condition, ranking) for model in MODELS for condition in CONDITIONS for ranking in RANKINGS]


def chosen(item: Item, task: Task, model: str, condition: str, ranking: str) -> tuple[Explanation, ...]:
    selections = {
        "label-free": Selection("label-free", label_order=("e", "n", "c") if model == "gpt4o" else ("e", "c", "n")),
        "varierr-guided": Selection("label-guided", group="varierr", label_order=("e", "c", "n")),
        "mnli-guided": Selection("label-guided", group="mnli"),
    }
    explanations = parsed_explanations(item, model, f"mjd-estimator:{model}")
    return select(item, explanations, task, replace(selections[condition], ranking=ranking))


def file_of(items: Sequence[Item], task: Task, model: str, condition: str, ranking: str) -> bytes:
    key = "machine_comments" if condition == "label-free" else "machine_replaced_comments"
    if (model, condition) == ("llama3", "mnli-guided"):
        key = "machine_generated_comments"
    rows = [
        {**item.fields, key: [[e.text, e.label[0]] for e in chosen(item, task, model, condition, ranking)]}
        for item in items
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.mark.parametrize(("model", "condition", "ranking"), FILES)
def test_the_selected_file_is_reproduced_byte_for_byte(published, nli, model, condition, ranking):
    ours = file_of(published.items, nli, model, condition, ranking)
    assert ours.splitlines() == published.selected(f"{model}-{condition}-{ranking}").splitlines()
    assert ours == published.selected(f"{model}-{condition}-{ranking}")


def test_the_files_hold_24552_explanations(published, nli):
    totals = Counter(
        condition
        for model, condition, ranking in FILES
        for item in published.items
        for _ in chosen(item, nli, model, condition, ranking)
    )
    assert totals == {"label-free": 6 * 341 * 3, "varierr-guided": 6 * 341 * 4, "mnli-guided": 6 * 341 * 5}
    assert totals.total() == 24552


@pytest.mark.parametrize("model", MODELS)
def test_varierr_guided_is_the_human_explanations_position_by_position(published, nli, model):
    for item in published.items:
        comments = [explanation.label for explanation in item.explanations]
        explanations = parsed_explanations(item, model, f"mjd-estimator:{model}")
        assert follow(item, explanations, comments) == chosen(item, nli, model, "varierr-guided", "first")


@pytest.mark.parametrize("model", MODELS)
def test_one_changed_character_of_one_answer_shows(published, nli, model):
    first, *others = published.items
    used = chosen(first, nli, model, "label-free", "first")[0].text
    altered = tuple(
        replace(a, text=a.text.replace(used, "X" + used[1:])) if a.source == model else a for a in first.answers
    )
    assert altered != first.answers
    ours = file_of([replace(first, answers=altered), *others], nli, model, "label-free", "first")
    assert ours != published.selected(f"{model}-label-free-first")
