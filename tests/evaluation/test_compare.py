"""The rows of an evaluation, and that no item is lost without being named."""

from __future__ import annotations

import json
import math

import pytest

from labeldist.core.errors import InputError, LabeldistError, UsageError
from labeldist.core.item import Annotation, Item
from labeldist.core.task import Task
from labeldist.evaluation.compare import evaluate
from labeldist.tasks.load import load_task

LABELS = ("yes", "no")


def task_of(*labels) -> Task:
    """A task with these labels and nothing else: the metrics must not need more."""
    task = load_task("nli")
    made = tuple(type(task.labels[0])(label, label, {}) for label in labels)
    return Task("answers", "Answers", "en", ("text",), made, "", {})


TASK = task_of(*LABELS)


def items(n=4, unlabelled=(), unreferenced=()):
    return [
        Item(
            str(i),
            {},
            () if i in unlabelled else (Annotation("yes"), Annotation("no")),
            reference=None if i in unreferenced else {"yes": 10 * i + 5, "no": 50},
        )
        for i in range(n)
    ]


def prediction(ids, yes=0.25):
    return {str(i): {"no": 1 - yes, "yes": yes} for i in ids}


def test_rows_columns_and_numbers():
    found = evaluate(items(), {"m": prediction(range(4))}, TASK, bootstrap=20)
    assert [(row.name, row.kind, row.items) for row in found.rows[:3]] == [
        ("m", "prediction", 4),
        ("uniform", "baseline", 4),
        ("2 labels, majority", "baseline", 4),
    ]
    assert [column.name for column in found.columns] == ["kl", "jsd", "tvd", "dcorr", "ce"]
    yes = [(10 * i + 5) / (10 * i + 55) for i in range(4)]
    assert found.rows[0].metrics["tvd"].value == pytest.approx(sum(abs(p - 0.25) for p in yes) / 4)
    assert math.isnan(found.rows[1].metrics["dcorr"].value)
    assert found.left_out == {}


def test_json_has_null_for_undefined_and_keeps_every_row():
    found = evaluate(items(unreferenced=[2]), {"m": prediction(range(4))}, TASK, bootstrap=20)
    read = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert read["rows"][0]["metrics"]["dcorr"]["value"] is None
    assert [row["name"] for row in read["rows"]] == [row.name for row in found.rows]
    assert read["rows"][0]["metrics"]["kl"]["value"] == found.rows[0].metrics["kl"].value
    assert read["left_out"] == {"2": "no reference"}


def test_chosen_metrics_in_the_order_asked_for():
    found = evaluate(items(), {}, TASK, metrics=["tvd", "kl", "tvd"], bootstrap=0)
    assert [column.name for column in found.columns] == ["tvd", "kl"]
    assert math.isnan(found.rows[0].metrics["kl"].low)


def test_items_without_a_reference_are_named_and_not_evaluated():
    found = evaluate(iter(items(unreferenced=[1, 3])), {"m": prediction([0, 1, 2])}, TASK, bootstrap=0)
    assert found.items == 2
    assert found.left_out == {"1": "no reference", "3": "no reference"}


def test_baselines_count_the_items_with_labels():
    found = evaluate(items(unlabelled=[0, 1]), {"m": prediction(range(4))}, TASK, bootstrap=20)
    assert {row.name: row.items for row in found.rows}["2 labels, frequencies"] == 2
    assert found.rows[2].metrics["tvd"].items == 2
    assert found.rows[1].items == 4


def test_missing_and_unknown_ids_stop():
    with pytest.raises(
        InputError,
        match=r"found 7 items with a reference but no row in prediction 'm': '1', '2', '3', '4', '5', \.\.\.",
    ):
        evaluate(items(8), {"m": prediction([0])}, TASK)
    with pytest.raises(InputError, match="found 2 ids in prediction 'm' that no item has: '8', '9'"):
        evaluate(items(2), {"m": prediction([0, 1, 8, 9])}, TASK)


def test_skip_uses_the_items_common_to_all_and_names_the_others():
    predictions = {"a": prediction([0, 1, 2, 9]), "b": prediction([1, 2, 3], yes=0.5)}
    found = evaluate(items(5, unreferenced=[4]), predictions, TASK, missing="skip", bootstrap=0)
    assert found.items == 2
    assert {row.items for row in found.rows} == {2}
    assert found.left_out == {
        "4": "no reference",
        "3": "not in prediction 'a'",
        "0": "not in prediction 'b'",
        "9": "in prediction 'a', but no item",
    }
    only = evaluate(items(3)[1:], {"a": prediction([1, 2])}, TASK, bootstrap=0)
    assert found.rows[0].metrics["kl"].value == only.rows[0].metrics["kl"].value


def test_an_id_that_two_predictions_lack_has_both_reasons():
    found = evaluate(items(2), {"a": prediction([1]), "b": prediction([1])}, TASK, missing="skip", bootstrap=0)
    assert found.left_out == {"0": "not in prediction 'a'; not in prediction 'b'"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"yes": 1.0}, r"found \{'yes': 1.0\} in prediction 'm', item '0', expected a number for each of: yes, no"),
        ({"yes": 0.5, "no": 0.25, "maybe": 0.25}, "expected a number for each of: yes, no"),
        ({}, "expected a number for each of"),
        ({"yes": "0.5", "no": 0.5}, "expected a number for each of"),
        ({"yes": None, "no": 1}, "expected a number for each of"),
        (
            {"yes": 0.5, "no": 0.4},
            "found probabilities that sum to 0.9 in prediction 'm', item '0', expected a sum of 1",
        ),
        ({"yes": -0.5, "no": 1.5}, "in prediction 'm', item '0', expected finite probabilities of at least 0"),
        ({"yes": math.nan, "no": 1}, "expected finite probabilities"),
    ],
)
def test_bad_rows_of_a_prediction(row, message):
    with pytest.raises(InputError, match=message):
        evaluate(items(1), {"m": {"0": row}}, TASK)


def test_rounded_probabilities_are_made_exact():
    rounded = {"0": {"yes": 0.33333, "no": 0.66666}}
    exact = {"0": {"yes": 1 / 3, "no": 2 / 3}}
    first, second = evaluate(items(1), {"rounded": rounded, "exact": exact}, TASK, bootstrap=0).rows[:2]
    assert first.metrics["tvd"].value == pytest.approx(second.metrics["tvd"].value)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ([], "found no reference in 0 items"),
        (items(2, unreferenced=[0, 1]), "found no reference in 2 items"),
        ([*items(2), *items(1)], "found two items with the id '0'"),
        ([Item("x", {}, reference={"maybe": 3})], "found label 'maybe' in the reference of item 'x'"),
        (
            [Item("x", {}, reference={"yes": 0, "no": 0})],
            "in the reference of item 'x', expected at least one number above 0",
        ),
        ([Item("x", {}, (Annotation("maybe"),), reference={"yes": 1})], "found label 'maybe' of item 'x'"),
    ],
)
def test_bad_items(made, message):
    with pytest.raises(InputError, match=message):
        evaluate(made, {}, TASK)


def test_nothing_in_common_is_an_error():
    with pytest.raises(InputError, match="no item that all predictions and the reference share"):
        evaluate(items(2), {"a": prediction([0]), "b": prediction([1])}, TASK, missing="skip")


@pytest.mark.parametrize("options", [{"missing": "ignore"}, {"metrics": []}, {"metrics": ["kll"]}, {"bootstrap": -1}])
def test_wrong_usage(options):
    with pytest.raises(UsageError) as caught:
        evaluate(items(), {}, TASK, **options)
    assert isinstance(caught.value, LabeldistError)
    assert caught.value.hint


@pytest.mark.parametrize("k", [2, 5])
def test_any_number_of_labels(k):
    labels = [f"l{i}" for i in range(k)]
    made = [
        Item(
            str(i),
            {},
            tuple(Annotation(label) for label in labels[: 1 + i % k]),
            reference={labels[i % k]: 7, labels[0]: 3},
        )
        for i in range(12)
    ]
    rows = {str(i): dict.fromkeys(labels, 1 / k) for i in range(12)}
    found = evaluate(made, {"same": rows}, task_of(*labels), bootstrap=10)
    assert found.rows[0].metrics["ce"].value == pytest.approx(math.log(k))
    assert {name: x.value for name, x in found.rows[0].metrics.items() if name != "dcorr"} == pytest.approx(
        {name: x.value for name, x in found.rows[1].metrics.items() if name != "dcorr"}
    )
