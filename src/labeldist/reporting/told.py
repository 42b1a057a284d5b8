"""What a report says in words, and what other commands measured: warnings, the evaluation, the plan."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from labeldist.core.distribution import LabelDistribution
from labeldist.core.errors import InputError, UsageError
from labeldist.datasets.files import records_from_rows
from labeldist.datasets.predictions import Prediction, prediction_from_row
from labeldist.reporting.everything import Everything
from labeldist.reporting.read import ReadSet
from labeldist.reporting.results import Said
from labeldist.reports.view import Ends, LearningCurve, View
from labeldist.runs.distributions import evaluate_rows

SMALL_ANSWER_MASS = 0.5
FLAGS = re.compile(r" \(--[\w -]*\)")  # hints at options: a page is for those who did not call the command, too


def about_of_view(everything: Everything) -> list[str]:
    """What this is, in two or three sentences."""
    described, main = everything.described, everything.main
    items = _counted(described.items, "item")
    who = f" of {_counted(described.annotators, 'annotator')}" if described.annotators else ""
    given = sum(described.label_counts.values())
    labels = f"{_counted(given, 'label')}{who}" if given else "no labels"
    models = [one.key for one in everything.sets if one.kind == "model"]
    beside = f", and what {_listed(models)} said of them" if models else ""
    told = [f"{items} of {everything.dataset.name}, with {labels}{beside}."]
    if main is not None:
        held = "" if main.mass is None else f", with intervals meant to hold the true share in {main.mass:.0%} of cases"
        told.append(f"For each item this page estimates how many of a hundred people would give each label{held}.")
    if described.with_reference:
        known = _counted(described.with_reference, "item")
        told.append(f"For {known} the labels of many people are known, a reference: they check the estimates.")
    return told


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _listed(names: list[str]) -> str:
    most = names[:3]
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return f"{', '.join(most)}{more}" if more or len(most) < 2 else f"{', '.join(most[:-1])} and {most[-1]}"


def warnings_of(everything: Everything) -> list[str]:
    """What a reader must know before trusting a number, each once."""
    return [*dict.fromkeys(_sentence(one) for one in _warnings(everything))]


def _warnings(everything: Everything) -> Iterator[str]:
    dataset, described = everything.dataset, everything.described
    if dataset.about is not None and dataset.about.reference_note:
        yield f"Reference: {dataset.about.reference_note}"
    for said in everything.results.said:
        if said.about is not None:
            if said.about["annotators"]:
                yield f"{said.name} counts the labels of the annotators {said.about['annotators']!r} alone"
            yield from said.about["calibration"].get("notes", ())
    for about in everything.results.abouts:
        if str(about["settings"].get("point", "mean")).startswith("median"):
            yield "the expected error is that of posterior means, not of the medians that are shown"
        for name, mass in about.get("answer_mass", {}).items():
            if mass is not None and mass < SMALL_ANSWER_MASS:
                yield (
                    f"MJD {name}: the model gave the answers asked for only {mass:.1%} of its probability. It would "
                    "rather say something else, so treat these distributions with caution"
                )
    if everything.main is None and described.of_items.counts.any():
        yield "No posterior was given. labeldist estimate makes one of labels and models: add its file"
    for one in everything.sets:
        yield from one.warnings
        if changed := _of_other_labels(one, everything):
            yield (
                f"{changed:,} of {described.items:,} items had other labels when {one.key} was made: estimate it anew, "
                "or name the labels that it was made of (--source)"
            )
        missing = int(np.isnan(one.share[:, 0]).sum())
        if missing:
            yield f"{missing:,} of {described.items:,} items have no distribution by {one.key}"
        if one.unknown:
            yield f"{one.unknown:,} distributions by {one.key} are of items that {dataset.name} does not have"
    yield from (problem.in_words() for problem in described.problems)
    if described.failures:
        yield f"{len(described.failures):,} bad rows of {dataset.name} were skipped"


def _of_other_labels(one: ReadSet, everything: Everything) -> int:
    """How many posteriors were made of other labels than the items have; those of a group of annotators are."""
    about = next((said.about for said in everything.results.said if said.name == one.key), None)
    if one.given is None or (about is not None and about["annotators"]):
        return 0
    known = ~np.isnan(one.given).any(axis=1)
    return int((one.given != everything.described.of_items.counts)[known].any(axis=1).sum())


def _sentence(text: str) -> str:
    whole = FLAGS.sub("", text.strip())
    return whole[:1].upper() + whole[1:] + ("" if whole.endswith((".", "!", "?", "…")) else ".")


def evaluated(everything: Everything, bootstrap: int, seed: int) -> tuple[Mapping[str, Any] | None, list[str]]:
    """The evaluation that was given, or one made here where there are references, or why there is none although there
    are, in words.
    """
    results, dataset = everything.results, everything.dataset
    if results.evaluation is not None or not everything.described.with_reference:
        return results.evaluation, []
    predictions = {one.name: _predictions(one, everything) for one in results.said}
    given = {one.name for one in results.said}
    predictions |= {one.key: _carried(one, everything) for one in everything.sets if one.key not in given}
    try:
        found = evaluate_rows(dataset, predictions, bootstrap=bootstrap, seed=seed, missing="skip")
    except (InputError, UsageError) as error:  # such as distributions that saw the reference
        return None, [_sentence(f"not evaluated: {error.in_a_line}")]
    return found.as_dict(), []


def _predictions(said: Said, everything: Everything) -> Iterator[Prediction]:
    """The distributions of items that are there."""
    known = {*everything.described.of_items.ids}
    rows = records_from_rows(said.rows(), everything.dataset.task, prediction_from_row)
    return (row for row in rows if row.id in known)


def _carried(one: ReadSet, everything: Everything) -> Iterator[Prediction]:
    """What items carry as predictions."""
    labels = everything.dataset.task.label_names
    for id_, shares in zip(everything.described.of_items.ids, one.share.tolist(), strict=True):
        if shares[0] == shares[0]:  # not NaN
            yield Prediction(id_, LabelDistribution(labels, tuple(shares)))


def measured_error(everything: Everything, evaluation: Mapping[str, Any] | None) -> Ends | None:
    """The KL of the main posterior to the references, with its 95% interval; None where nothing was measured."""
    main, rows = everything.main, [] if evaluation is None else evaluation["rows"]
    found = next((row for row in rows if main is not None and row["name"] == main.key), None)
    kl = None if found is None else found["metrics"].get("kl")
    return None if kl is None or kl["value"] is None else {name: kl[name] for name in ("value", "low", "high")}  # type: ignore[return-value]


def in_short(view: View) -> list[str]:
    """How far to trust the posterior, in a few sentences."""
    facts, evaluation = view["facts"], view["evaluation"]
    error, expected = facts["measured_kl"], facts["expected_kl"]
    if view["main"] is None:
        return ["There is no posterior here: nothing says how near these distributions are to people."]
    if error is None or error["value"] is None or evaluation is None:
        off = "" if expected is None else f" The model behind the posterior expects to be off by KL {expected:.3f}."
        return [f"Nothing was measured: too few items have a reference, or none.{off}"]
    beside = "" if expected is None else f", where {expected:.3f} was expected"
    told = [
        f"On {evaluation['items']:,} items with a reference the posterior is off by KL {error['value']:.3f}{beside}."
    ]
    others = [
        row for row in evaluation["rows"] if row["kind"] == "baseline" and row["metrics"]["kl"]["value"] is not None
    ]
    if others:
        best = min(others, key=lambda row: float(row["metrics"]["kl"]["value"]))
        told.append(
            f"The best of the baselines from labels alone ({best['name']}): {best['metrics']['kl']['value']:.3f}."
        )
    return told


def learning_curve_of(plan: Mapping[str, Any] | None) -> LearningCurve | None:
    """The part of a plan that shows what labels buy."""
    if plan is None:
        return None
    names = ("labels", "evidence", "kl", "kl_low", "kl_high", "tvd", "tvd_low", "tvd_high")
    try:
        predicted: Any = [{name: one[name] for name in names} for one in plan["predicted"]]
        of_measured = ("evidence", "labels", "references", "kl", "expected_kl")
        measured: Any = [{name: one[name] for name in of_measured} for one in plan["measured"]]
        return {
            "labels_now": float(plan["labels"]),
            "predicted": predicted,
            "measured": measured,
            "notes": [str(plan["replay"]["verdict"]), *map(str, plan["notes"])],
        }
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("a plan without its parts", expected="what labeldist plan --out wrote") from error
