"""The whole estimate: ``labeldist.estimate``, its rows and its refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from labeldist.core.distribution import PSEUDO_COUNT
from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Annotation, Evidence, Item
from labeldist.estimation.calibration import SHIFT
from labeldist.estimation.estimate import Estimate, estimate
from labeldist.tasks.load import load_task

LABELS = ("entailment", "neutral", "contradiction")


def item(name: str, *labels: str, group: str = "a") -> Item:
    return Item(name, {}, tuple(Annotation(label, f"{group}/{at}") for at, label in enumerate(labels)))


def items() -> list[Item]:
    given = ["neutral", "entailment", "contradiction", "neutral"]
    return [item(str(at), given[at % 4], given[at % 3], "neutral") for at in range(24)]


def said(*probabilities: float, saw: bool | None = False) -> Evidence:
    return Evidence(dict(zip(LABELS, probabilities, strict=True)), saw)


def counted(found: Estimate) -> NDArray[np.float64]:
    """The parameters of the Dirichlet that is known of each item."""
    return found.posterior.concentration[:, None] * found.mean


def test_a_row_keeps_the_contract() -> None:
    found = estimate(items(), {"m": {"0": said(0.2, 0.7, 0.1), "5": said(0.5, 0.5, 0)}}, mass=0.8)
    assert isinstance(found, Estimate)
    assert (found.ids, found.labels, found.evidence) == (tuple(map(str, range(24))), LABELS, ("m",))
    row = found.row(5)
    assert set(row) == {
        "id",
        "distribution",
        "interval",
        "interval_mass",
        "concentration",
        "expected_kl",
        "expected_tvd",
        "prior",
        "saw_labels",
        "label_counts",
        "calibrate",
        "prior_used",
        "point",
        "warning",  # there are too few labels to tell what the evidence is worth
    }
    assert (row["id"], row["interval_mass"], row["saw_labels"], row["calibrate"]) == ("5", 0.8, True, "labels")
    assert (row["prior_used"], row["point"]) == ("dirichlet", "mean")
    for part in ("distribution", "prior", "interval"):
        assert tuple(row[part]) == LABELS
    assert sum(row["label_counts"].values()) == 3
    assert sum(row["distribution"].values()) == pytest.approx(1)
    assert row["distribution"] == dict(zip(LABELS, found.mean[5].tolist(), strict=True))
    assert row["concentration"] == pytest.approx(3 + found.calibration.concentration)
    for low, high in row["interval"].values():
        assert 0 <= low < high <= 1
    assert json.loads(json.dumps(row)) == row
    json.dumps(found.calibration.as_dict(LABELS), allow_nan=False)


def test_off_by_hand() -> None:
    given = [item("1", "neutral", "neutral"), item("2")]
    found = estimate(given, {"m": {"1": said(0.5, 0.3, 0.2)}}, calibrate="off")
    total = 3 * PSEUDO_COUNT
    prior = (np.array([0.5, 0.3, 0.2]) + 0.1 / 3) / 1.1  # the floor is a tenth of the uniform probability
    np.testing.assert_allclose(found.prior, [prior, [1 / 3] * 3], atol=1e-12)
    np.testing.assert_allclose(counted(found), [total * prior + [0, 2, 0], [0.5] * 3], atol=1e-12)
    np.testing.assert_allclose(found.mean[0], (total * prior + [0, 2, 0]) / (total + 2), atol=1e-12)
    assert not found.calibration.fitted
    assert found.calibration.in_words() == ["Nothing was calibrated: the prior counts as 1.5 annotators."]


def test_two_evidences_off_are_their_geometric_mean() -> None:
    both = {"a": {"1": said(0.6, 0.3, 0.1)}, "b": {"1": said(0.2, 0.3, 0.5)}}
    (prior,) = estimate([item("1")], both, calibrate="off").prior
    expected = np.sqrt((np.array([0.6, 0.3, 0.1]) + 0.1 / 3) * (np.array([0.2, 0.3, 0.5]) + 0.1 / 3))
    np.testing.assert_allclose(prior, expected / expected.sum())


def test_labels_are_counted_on_top_of_the_prior() -> None:
    found = estimate(items())
    k = found.calibration.concentration
    assert found.calibration.fitted
    counts = [one.label_counts(LABELS) for one in items()]
    np.testing.assert_allclose(counted(found), k * found.prior + counts)
    assert SHIFT in found.calibration.notes


def test_what_the_evidence_is_worth_is_told() -> None:
    generator = np.random.default_rng(0)
    given, told = [], {}
    for at, truth in enumerate(generator.dirichlet(np.ones(3), 200)):
        labels = [LABELS[n] for n in generator.choice(3, 5, p=truth)]
        given.append(item(str(at), *labels))
        told[str(at)] = said(*(0.7 * truth + 0.1))
    one = estimate(given, {"m": told}).calibration
    assert one.in_words()[0].startswith("The evidence saves about ")
    assert [saved.evidence for saved in one.saves] == [("m",)]
    assert one.base is not None
    assert one.base < one.concentration
    two = estimate(given, {"m": told, "n": told}).calibration
    assert [saved.evidence for saved in two.saves] == [("m", "n"), ("m",), ("n",)]
    assert any(line.startswith("By itself m saves about ") for line in two.in_words())
    none = estimate(given).calibration
    assert none.in_words()[0].startswith("The base rate of the labels counts as ")
    assert not none.saves
    few = estimate(given[:3]).calibration
    assert few.in_words()[0].startswith("These labels cannot tell ")


def test_rows_carry_the_warning_that_the_summary_has() -> None:
    single = [item(str(at), LABELS[at % 3]) for at in range(60)]
    found = estimate(single)
    assert found.row(7)["warning"] == found.calibration.in_words()[0]
    assert "one per item" in found.row(7)["warning"]
    selected = [item(str(at), *["neutral"] * 3, *["entailment"] * 2) for at in range(60)]
    assert "was not fitted" in estimate(selected).row(0)["warning"]
    several = [item(str(at), LABELS[at % 3], LABELS[at % 3], LABELS[at % 2]) for at in range(200)]
    assert "warning" not in estimate(several).row(0)
    assert "warning" not in estimate(single, calibrate="off").row(0)


def test_only_the_annotators_of_a_group() -> None:
    mixed = [Item("1", {}, (*item("", "neutral").labels, *item("", "entailment", group="b").labels))]
    assert counted(estimate(mixed, calibrate="off", annotators="b"))[0] == pytest.approx([1.5, 0.5, 0.5])
    assert counted(estimate(mixed, calibrate="off"))[0] == pytest.approx([1.5, 1.5, 0.5])


def test_only_the_evidence_that_is_named() -> None:
    given = {"m": {"1": said(1, 0, 0)}, "n": {"1": said(0, 1, 0)}, "saw": {"1": said(0, 0, 1, saw=True)}}
    found = estimate([item("1", "neutral")], given, use=["n"])
    assert found.evidence == ("n",)
    assert found.prior.argmax() == 1


def test_another_task() -> None:
    task = load_task("abductive-nli")
    first, second = task.label_names
    found = estimate([Item("1", {}, (Annotation(second),))], task=task, calibrate="off")
    assert found.row(0)["distribution"] == {first: 0.25, second: 0.75}


def test_refusals_say_what_to_do() -> None:
    with pytest.raises(UsageError, match="no calibration is named 'lables'") as caught:
        estimate(items(), calibrate="lables")
    assert "did you mean 'labels'?" in caught.value.hint
    with pytest.raises(InputError, match=r"1 .* evidence 'm' .* no item has, such as '99'"):
        estimate(items(), {"m": {"99": said(1, 0, 0)}})
    with pytest.raises(InputError, match="no items"):
        estimate([])
    for mass in (0.0, 1.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="chance of"):
            estimate(items(), mass=mass)
