"""Annotators who are not the people asked about: what is assumed of them, and what that is worth on real items."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from benchmarks.estimation.data import GROUPS, figures, reference_of, smoothed, the_341, without_references

import labeldist as ld
from labeldist.core.errors import UsageError
from labeldist.core.item import Annotation, Item
from labeldist.estimation.calibration import OTHERS, OTHERS_ALONE, SHIFT
from labeldist.estimation.estimate import estimate_from
from labeldist.estimation.labels import fit_labels
from labeldist.estimation.observations import EvidenceArray, Observations

Command = Callable[..., subprocess.CompletedProcess[str]]

NAMES = ("yes", "no", "maybe")


def experts(items: int = 200, seed: int = 0) -> tuple[np.ndarray, Observations]:
    """A crowd's truth, labels of experts who say "maybe" more often than the crowd, a model that knows the truth."""
    generator = np.random.default_rng(seed)
    truth = generator.dirichlet([1.0, 1.0, 1.0], items)
    theirs = truth * np.array([0.6, 0.6, 2.0])
    theirs /= theirs.sum(axis=1, keepdims=True)
    counts = np.array([generator.multinomial(4, one) for one in theirs], dtype=float)
    said = EvidenceArray("llm", 0.7 * truth + 0.1)
    return truth, Observations(NAMES, tuple(map(str, range(items))), counts, evidence=(said,))


@pytest.mark.parametrize(
    ("labels", "least", "most"),
    [("4 VariErr labels", 0.151, 0.155), ("5 MNLI labels", 0.135, 0.139), ("all 9 labels", 0.101, 0.105)],
)
def test_on_the_341_items(real: Path, labels: str, least: float, most: float) -> None:
    observed = the_341(GROUPS[labels])
    seen, reference = without_references(observed), reference_of(observed)
    found = figures(reference, estimate_from(seen, population="other").mean)
    assert least < found["kl"] < most
    assert found["kl"] < figures(reference, estimate_from(seen).mean)["kl"] - 0.01
    assert found["kl"] < figures(reference, smoothed(observed.counts))["kl"]


def test_experts_with_a_bias_of_their_own_are_corrected() -> None:
    truth, observed = experts()
    as_they_are, others = (figures(truth, estimate_from(observed, population=one).mean) for one in ("same", "other"))
    assert others["kl"] < 0.9 * as_they_are["kl"]


def test_half_of_the_bias_is_taken_out_of_prior_and_labels() -> None:
    _, observed = experts()
    found = estimate_from(observed, population="other")
    fit = fit_labels(observed)
    half = (fit.bias - fit.bias.mean()) / 2
    prior = fit.prior_mean(observed.evidence, len(observed.ids)) * np.exp(-half)
    prior /= prior.sum(axis=1, keepdims=True)
    counts = observed.counts * np.exp(-half)
    counts *= 4 / counts.sum(axis=1, keepdims=True)
    assert np.allclose(found.prior, prior)
    assert np.allclose(found.mean, (4 * prior + counts) / 8)
    assert np.allclose(found.posterior.concentration, 8)
    assert (found.counts == observed.counts).all()  # what is said to have been counted are the labels as they were


def test_items_that_lack_evidence_have_the_bias_of_the_base_rate_taken_out() -> None:
    _, observed = experts()
    said = observed.evidence[0].distribution.copy()
    said[:50] = np.nan
    lacking = Observations(NAMES, observed.ids, observed.counts, evidence=(EvidenceArray("llm", said),))
    base = fit_labels(observed.without_evidence()).bias
    expected = np.exp(base / 2)
    found = estimate_from(lacking, population="other").prior[:50]
    assert np.allclose(found, expected / expected.sum())


def test_the_warning_is_in_notes_and_in_every_row() -> None:
    _, observed = experts()
    found = estimate_from(observed, population="other")
    assert OTHERS in found.calibration.notes
    assert SHIFT not in found.calibration.notes
    assert OTHERS_ALONE not in found.calibration.notes
    assert all("assumptions" in found.row(at)["warning"] for at in range(3))
    assert found.calibration.as_dict(NAMES)["population"] == "other"
    assert found.calibration.prior == "dirichlet"
    assert OTHERS_ALONE in estimate_from(observed.without_evidence(), population="other").calibration.notes
    same = estimate_from(observed)
    assert OTHERS not in same.calibration.notes
    assert "warning" not in same.row(0)


@pytest.mark.parametrize("calibrate", ["reference", "off"])
def test_it_needs_labels_to_calibrate_on(calibrate: str) -> None:
    _, observed = experts(20)
    with pytest.raises(UsageError, match="population other"):
        estimate_from(observed, calibrate=calibrate, population="other")
    with pytest.raises(UsageError, match="no population"):
        estimate_from(observed, population="othr")


def test_from_python_and_the_command(labeldist: Command, tmp_path: Path) -> None:
    given = ["e", "e", "n"], ["n", "n"], ["c", "n"], ["e", "n", "n"]
    items = [Item(str(at), {}, tuple(map(Annotation, labels))) for at, labels in enumerate(given)]
    with pytest.raises(UsageError, match="population"):
        ld.estimate(items, population="crowd")
    found = ld.estimate(items, labels=["n", "e", "c"], population="other")
    rows = [{"id": str(at), "labels": labels} for at, labels in enumerate(given)]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = labeldist("estimate", "items.jsonl", "--labels", "n,e,c", "--population", "other", "--out", "out.jsonl")
    assert done.returncode == 0, done.stderr
    assert "people other than your annotators" in " ".join(done.stderr.split())
    assert "For people other than the annotators" in " ".join(done.stdout.split())
    first = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert "assumptions" in first["warning"]
    assert first["distribution"]["n"] == pytest.approx(found.mean[0, found.labels.index("n")])
    refused = labeldist("estimate", "items.jsonl", "--population", "other", "--calibrate", "off", "--out", "no.jsonl")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
