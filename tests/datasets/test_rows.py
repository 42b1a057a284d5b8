"""Items to rows and back, in every form that the contract allows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.core.errors import InputError, Place
from labeldist.core.item import Annotation, Answer, Evidence, Explanation, Item
from labeldist.datasets.rows import item_from_row
from labeldist.datasets.written_rows import item_to_row
from labeldist.tasks.load import load_task

NLI = load_task("nli")
GOOD = {"id": "a", "premise": "It rains.", "hypothesis": "It is wet."}

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip)
labels = st.sampled_from(NLI.label_names)
counts = st.dictionaries(labels, st.integers(0, 100), min_size=1).filter(lambda found: any(found.values()))
probabilities = st.lists(st.floats(0.01, 1), min_size=3, max_size=3).map(
    lambda weights: dict(zip(NLI.label_names, (weight / sum(weights) for weight in weights), strict=True))
)
scores = st.fixed_dictionaries(dict.fromkeys(NLI.label_names, st.floats(0, 1e15) | st.integers(0, 100)))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
contract = {"id", "fields", "labels", "explanations", "answers", "evidence", "reference", *NLI.fields}
columns = texts.filter(lambda name: name.split(".")[0] not in contract)
items = st.builds(
    Item,
    id=texts,
    fields=st.fixed_dictionaries(dict.fromkeys(NLI.fields, texts)),
    labels=st.lists(st.builds(Annotation, labels, st.none() | texts), max_size=5).map(tuple),
    explanations=st.lists(st.builds(Explanation, texts, labels, texts), max_size=3).map(tuple),
    answers=st.lists(st.builds(Answer, texts | st.just(""), labels, texts), max_size=3).map(tuple),
    evidence=st.dictionaries(
        texts,
        st.builds(
            Evidence,
            probabilities,
            st.none() | st.booleans(),
            st.dictionaries(labels, probabilities, max_size=3),
            st.none() | scores,
        ),
        max_size=2,
    ),
    reference=st.none() | counts | probabilities,
    extra=st.dictionaries(columns, anything, max_size=3),
)


@given(items)
def test_a_round_trip_through_json_loses_nothing(item: Item) -> None:
    row = json.loads(json.dumps(item_to_row(item), ensure_ascii=False, allow_nan=False))
    again = item_from_row(row, NLI, Place())
    assert again == item
    assert item_to_row(again) == item_to_row(item)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, []),
        ([], []),
        ({}, []),
        (["n", "Entailment "], [Annotation("neutral"), Annotation("entailment")]),
        ({"neutral": 2, "c": 1.0, "e": 0}, [Annotation("neutral", times=2), Annotation("contradiction")]),
        ([{"annotator": "a1", "label": "neutral"}], [Annotation("neutral", "a1")]),
        ([{"annotator": 7, "label": "N"}], [Annotation("neutral", "7")]),
        ([{"annotator": None, "label": "e"}, "c"], [Annotation("entailment"), Annotation("contradiction")]),
        ({"neutral": None, "entailment": 1}, [Annotation("entailment")]),
    ],
)
def test_every_form_of_labels(found: Any, expected: list[Annotation]) -> None:
    assert list(item_from_row(GOOD | {"labels": found}, NLI, Place()).labels) == expected


def test_counts_and_fields_may_be_spread_over_columns() -> None:
    row = {"id": 1, "fields.premise": "x", "fields.hypothesis": "y", "labels.n": 2, "labels.e": None}
    item = item_from_row(row | {"reference.n": 0.6, "reference.c": 0.4}, NLI, Place())
    assert item.fields == {"premise": "x", "hypothesis": "y"}
    assert item.label_counts(NLI.label_names) == (0, 2, 0)
    assert item.reference == {"neutral": 0.6, "contradiction": 0.4}
    assert item.extra == {}


def test_columns_that_are_all_empty_are_no_labels() -> None:
    item = item_from_row(GOOD | {"labels.n": None, "reference.n": None, "reference.e": None}, NLI, Place())
    assert item.labels == ()
    assert item.reference is None


def test_missing_optional_parts_may_be_null() -> None:
    row = GOOD | dict.fromkeys(["labels", "explanations", "answers", "evidence", "reference", "fields"])
    assert item_from_row(row, NLI, Place()) == item_from_row(GOOD, NLI, Place())


def test_an_explanation_is_human_unless_told() -> None:
    rows = [{"label": "e", "text": "Rain is wet."}, {"label": "e", "text": "So.", "source": "llama3"}]
    found = item_from_row(GOOD | {"explanations": rows}, NLI, Place()).explanations
    assert [explanation.source for explanation in found] == ["human", "llama3"]


def test_texts_are_kept_to_the_character() -> None:
    text = "  Ünïcode \u2028 \r\n\t "
    item = item_from_row(GOOD | {"premise": text, "explanations": [{"label": "e", "text": text}]}, NLI, Place())
    assert item.fields["premise"] == item.explanations[0].text == text


def test_aliases_become_the_tasks_names_everywhere() -> None:
    alpha = load_task("abductive-nli")
    row = {"id": 1, **dict.fromkeys(alpha.fields, "x"), "labels": [1, "2"], "reference": {"1": 97, "2": 3}}
    item = item_from_row(row, alpha, Place())
    assert item.label_counts(alpha.label_names) == (1, 1)
    assert item.reference == {"hyp1": 97, "hyp2": 3}


DISTRIBUTION = {"e": 0.5, "n": 0.25, "c": 0.25}


def evidence(entry: dict[str, Any]) -> Evidence:
    return item_from_row(GOOD | {"evidence": {"m": entry}}, NLI, Place()).evidence["m"]


@pytest.mark.parametrize(
    ("found", "scores", "distribution"),
    [
        ({"e": 0.9, "n": 0.9, "c": 1.8}, (0.9, 0.9, 1.8), (0.25, 0.25, 0.5)),
        ({"e": 3, "neutral": 1, "c": None}, (3, 1, 0), (0.75, 0.25, 0)),
        ({"n": 0.2}, (0, 0.2, 0), (0, 1, 0)),
        ({"e": 0, "n": None}, (0, 0, 0), (1 / 3, 1 / 3, 1 / 3)),
        ({}, (0, 0, 0), (1 / 3, 1 / 3, 1 / 3)),
        ({"e": 5e-324, "n": 5e-324, "c": 1e15}, (5e-324, 5e-324, 1e15), (0, 0, 1)),
    ],
)
def test_scores_alone_make_a_distribution(found: Any, scores: Any, distribution: Any) -> None:
    made = evidence({"scores": found, "saw_labels": False})
    assert made.scores == dict(zip(NLI.label_names, scores, strict=True))
    assert made.distribution == pytest.approx(dict(zip(NLI.label_names, distribution, strict=True)))
    assert (made.saw_labels, made.leave_one_out) == (False, {})
    assert made == Evidence.from_scores(made.scores or {}, False)


def test_scores_beside_a_distribution_do_not_change_it() -> None:
    made = evidence({"distribution": DISTRIBUTION, "scores": {"c": 1}, "saw_labels": None, "leave_one_out": None})
    assert list(made.distribution.values()) == [0.5, 0.25, 0.25]
    assert made.scores == {"entailment": 0, "neutral": 0, "contradiction": 1}
    assert made.saw_labels is None


def test_what_is_held_out_is_a_distribution_for_each_label_that_has_one() -> None:
    made = evidence({"distribution": DISTRIBUTION, "saw_labels": True, "leave_one_out": {"n": DISTRIBUTION, "c": None}})
    assert made.leave_one_out == {"neutral": {"entailment": 0.5, "neutral": 0.25, "contradiction": 0.25}}


def test_parts_that_evidence_lacks_are_left_out() -> None:
    item = item_from_row(GOOD | {"evidence": {"m": {"distribution": DISTRIBUTION}}}, NLI, Place())
    assert set(item_to_row(item)["evidence"]["m"]) == {"distribution", "saw_labels"}


@pytest.mark.parametrize("column", ["id", "premise", "labels", "labels.neutral", "reference.x"])
def test_an_extra_column_cannot_take_a_name_of_the_contract(column: str) -> None:
    with pytest.raises(InputError, match="a name that the contract does not use"):
        item_to_row(Item("a", {"premise": "x", "hypothesis": "y"}, extra={column: 1}))
