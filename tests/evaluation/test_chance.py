"""D.Corr by chance alone: against every deal of the predictions to the items."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from labeldist.core.item import Item
from labeldist.evaluation.compare import evaluate
from labeldist.evaluation.metrics.dcorr import dcorr, dcorr_by_chance
from labeldist.reports.tables import notes
from labeldist.tasks.labels import labels_task

LABELS = ("ok", "rude", "toxic")


def items(shares: np.ndarray) -> list[Item]:
    return [Item(str(at), {}, reference=dict(zip(LABELS, row.tolist(), strict=True))) for at, row in enumerate(shares)]


def said(shares: np.ndarray) -> dict[str, dict[str, float]]:
    return {str(at): dict(zip(LABELS, row.tolist(), strict=True)) for at, row in enumerate(shares)}


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_mean_over_all_deals(seed: int) -> None:
    draw = np.random.default_rng(seed)
    references, predictions = draw.dirichlet([1, 1, 1], 6), draw.dirichlet([2, 1, 1], 6)
    equal = np.full((1, 6), 1 / 6)
    deals = (predictions[list(deal)] for deal in itertools.permutations(range(6)))
    squares = [dcorr(references, dealt, equal)[0] ** 2 for dealt in deals]
    assert dcorr_by_chance(references, predictions) == pytest.approx(math.sqrt(np.mean(squares)), rel=1e-9)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_it_is_undefined_where_d_corr_is(count: int) -> None:
    same = np.full((count, 3), 1 / 3)
    assert math.isnan(dcorr_by_chance(same, same))


def test_a_table_says_it_and_names_what_may_be_chance() -> None:
    draw = np.random.default_rng(0)
    references = draw.dirichlet([1, 1, 1], 60)
    near, nothing = 0.8 * references + 0.2 * draw.dirichlet([1, 1, 1], 60), draw.dirichlet([1, 1, 1], 60)
    predictions = {"near": said(near), "nothing": said(nothing)}
    found = evaluate(items(references), predictions, labels_task(LABELS), bootstrap=200)
    by_name = {row.name: row for row in found.rows}
    assert by_name["near"].chance["dcorr"] == pytest.approx(dcorr_by_chance(references, near))
    assert not by_name["uniform"].chance
    [told] = [note for note in notes(found) if "dealt to the items at random" in note]
    assert told.endswith("; not surely above that: nothing.")
    assert found.as_dict()["rows"][0]["chance"]["dcorr"] == by_name["near"].chance["dcorr"]
