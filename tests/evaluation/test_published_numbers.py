"""The numbers recomputed on the authors' 341 items (docs: "The published method", section 7), to 4 decimals."""

from __future__ import annotations

import json
import math

import pytest

from labeldist.core.item import Annotation, Item
from labeldist.evaluation.compare import evaluate
from labeldist.tasks.load import load_task

PUBLISHED = {
    "uniform": (0.3649, 0.3070, 0.3505, math.nan),
    "5 mnli labels, majority": (9.2876, 0.4217, 0.4352, 0.6122),
    "5 mnli labels, frequencies": (1.2425, 0.2092, 0.2147, 0.7949),
    "4 varierr labels, frequencies": (3.6037, 0.2821, 0.2858, 0.6882),
    "5 mnli labels, + 0.5 per label": (0.1591, 0.1867, 0.2155, 0.7949),
    "5 mnli labels, + 1 per label": (0.1757, 0.2034, 0.2311, 0.7949),
    "4 varierr labels, + 0.5 per label": (0.2186, 0.2035, 0.2290, 0.6882),
    "4 varierr labels, + 1 per label": (0.1989, 0.2088, 0.2279, 0.6882),
    "all 9 labels, + 0.5 per label": (0.1311, 0.1639, 0.1868, 0.8299),
}


@pytest.fixture(scope="module")
def items(shared_data):
    file = shared_data / "mjd_estimator" / "instances.jsonl"
    if not file.is_file():
        pytest.skip(f"no {file}")
    labels = load_task("nli").label_names
    made = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        annotations = []
        for group, counts in (("mnli", row["mnli labels"][1]), ("varierr", row["varierr labels"])):
            given = [label for label, count in zip(labels, counts, strict=True) for _ in range(count)]
            annotations += [Annotation(label, f"{group}/{place}") for place, label in enumerate(given, 1)]
        reference = dict(zip(labels, row["chaos probs"], strict=True))
        made.append(Item(str(number), {}, tuple(annotations), reference=reference))
    return made


@pytest.fixture(scope="module")
def evaluation(items):
    task = load_task("nli")
    mnli = {}
    for item in items:
        counts = item.label_counts(task.label_names, "mnli")
        mnli[item.id] = {label: (count + 1) / 8 for label, count in zip(task.label_names, counts, strict=True)}
    return evaluate(items, {"as a prediction": mnli}, task, bootstrap=200)


@pytest.mark.parametrize("name", PUBLISHED)
def test_recomputed_table(evaluation, name):
    row = next(row for row in evaluation.rows if row.name == name)
    found = tuple(round(row.metrics[metric].value, 4) for metric in ("kl", "jsd", "tvd", "dcorr"))
    assert found == pytest.approx(PUBLISHED[name], abs=1e-9, nan_ok=True)
    assert row.items == 341


def test_a_prediction_is_measured_like_the_baseline_that_it_equals(evaluation):
    prediction, same = (
        next(row for row in evaluation.rows if row.name == name)
        for name in ("as a prediction", "5 mnli labels, + 1 per label")
    )
    for name, interval in prediction.metrics.items():
        assert interval.as_dict() == pytest.approx(same.metrics[name].as_dict())


def test_the_majority_is_the_plurality_of_the_file(items, shared_data):
    names = dict(zip("enc", load_task("nli").label_names, strict=True))
    lines = (shared_data / "mjd_estimator" / "instances.jsonl").read_text(encoding="utf-8").splitlines()
    for item, line in zip(items, lines, strict=True):
        counts = dict(zip(names.values(), item.label_counts(tuple(names.values()), "mnli"), strict=True))
        plurality = names[json.loads(line)["mnli labels"][0]]
        assert [label for label, count in counts.items() if count == max(counts.values())] == [plurality]
