"""Does the similarity of the explanations shown go with how close the MJD comes to the HJD? Item by item."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labeldist.evaluation.bootstrap import interval
from labeldist.evaluation.correlation import LEAST_ITEMS, item_draws, spearman, spearman_interval
from labeldist.evaluation.evaluation import Interval
from labeldist.evaluation.means import mean_interval
from labeldist.evaluation.metric import METRICS, Array
from labeldist.experiments.findings import Cell
from labeldist.experiments.measure import Distributions

SHOWN = "Explanations shown to the judge, and its MJD"
MEAN, ACROSS = "mean of all of these", "over the means of these"
GIVEN = "given the entropy of the HJD and the number of labels explained"


@dataclass(frozen=True, slots=True)
class Explained:
    """What one condition showed: how alike it was, by measure and item id, the MJDs, and how many labels it was for."""

    name: str
    source: str
    condition: str
    similarity: Mapping[str, Mapping[str, float]]
    distributions: Distributions
    labels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CorrelationTables:
    """The conditions with their means, and the correlations; what a reader must know of them."""

    shown: tuple[Cell, ...]
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]


def correlations(
    explained: Sequence[Explained], references: Distributions, metrics: Sequence[str], *, resamples: int, seed: int
) -> CorrelationTables:
    """Spearman's correlation of each measure of similarity with each metric of the MJD, for each condition.

    Also their mean over conditions, on the items that all have; the correlation over conditions of their means; and the
    mean of partial correlations, with the entropy of the reference and the number of labels explained held constant:
    contested items have explanations of several labels, which are less alike, and other distances, whatever
    explanations do.
    """
    how = {"resamples": resamples, "seed": seed}
    far = {one.name: {name: distances(name, references, one.distributions) for name in metrics} for one in explained}
    shown = [
        Cell(
            f"{one.name}, shown",
            {"source": one.source, "explanations": one.condition},
            {
                **{name: mean_interval(list(values.values()), **how) for name, values in one.similarity.items()},
                **{name: mean_interval(list(values.values()), **how) for name, values in far[one.name].items()},
            },
            SHOWN,
        )
        for one in explained
    ]
    entropy = {id_: _entropy(reference) for id_, reference in references.items()}
    cells = []
    for name in metrics:
        title = METRICS.get(name).title
        for given in (False, True):
            section = f"Rank correlation with the {title} of the MJD{f', {GIVEN}' if given else ''}"
            rows = _correlated(explained, {one.name: far[one.name][name] for one in explained}, entropy, given, how)
            cells += [
                Cell(
                    f"{title} and {row}{', given' if given else ''}",
                    {"shown": row, "given" if given else "with": title},
                    found,
                    section,
                )
                for row, found in rows.items()
            ]
    notes = (
        "Rank correlations are Spearman's, of the similarity of what was shown with the distance of the MJD from the "
        "HJD, item by item: above 0, the MJD is farther off where explanations are more alike.",
        f"{MEAN.capitalize()}: correlations averaged over conditions, on the items that all have. "
        f"{ACROSS.capitalize()}: one correlation over conditions, of mean similarity and mean distance.",
    )
    return CorrelationTables(tuple(shown), tuple(cells), notes if explained else ())


def distances(metric: str, references: Distributions, distributions: Distributions) -> dict[str, float]:
    """The metric of each item that has both a reference and a distribution, by its id."""
    ids = [id_ for id_ in references if id_ in distributions]
    if not ids:
        return {}
    pair = (np.array([found[id_] for id_ in ids], dtype=np.float64) for found in (references, distributions))
    values = METRICS.get(metric).estimator(*pair)(np.eye(len(ids)))
    return dict(zip(ids, values.tolist(), strict=True))


def _correlated(
    explained: Sequence[Explained],
    far: Mapping[str, Mapping[str, float]],
    entropy: Mapping[str, float],
    given: bool,
    how: Mapping[str, int],
) -> dict[str, dict[str, Interval]]:
    """By row (conditions, then the two summaries) and measure of similarity, the correlation."""
    rows: dict[str, dict[str, Interval]] = {name: {} for name in (*(one.name for one in explained), MEAN, ACROSS)}
    for measure in dict.fromkeys(name for one in explained for name in one.similarity):
        known = [_quantities(one, measure, far[one.name], entropy, given) for one in explained]
        for one, quantities in zip(explained, known, strict=True):
            columns = [list(column) for column in zip(*quantities.values(), strict=True)]
            if columns and not given:
                rows[one.name][measure] = spearman_interval(columns[0], columns[1], columns[2:], **how)[0]
        common = [id_ for id_ in known[0] if all(id_ in quantities for quantities in known)]
        if len(common) >= LEAST_ITEMS:
            table = np.array([[quantities[id_] for id_ in common] for quantities in known])  # (C, N, quantities)
            rows[MEAN][measure] = _mean_correlation(table, **how)
            if not given and len(known) >= LEAST_ITEMS:
                rows[ACROSS][measure] = _across(table, **how)
    return {name: found for name, found in rows.items() if found}


def _quantities(
    one: Explained, measure: str, far: Mapping[str, float], entropy: Mapping[str, float], given: bool
) -> dict[str, tuple[float, ...]]:
    """By item id: similarity, distance, and what is held constant; only items in which all are defined."""
    return {
        id_: (value, far[id_], *((entropy[id_], float(one.labels[id_])) if given else ()))
        for id_, value in one.similarity[measure].items()
        if id_ in far and not math.isnan(value)
    }


def _mean_correlation(table: Array, *, resamples: int, seed: int) -> Interval:
    """The mean over C conditions of the correlation over N items, each resample the same items of every condition."""
    rows = table.swapaxes(1, 2)
    found = [spearman_interval(one[0], one[1], list(one[2:]), resamples=resamples, seed=seed) for one in rows]
    value = float(np.mean([one.value for one, _ in found]))
    return interval(value, np.mean([draws for _, draws in found], axis=0), table.shape[1])


def _across(table: Array, *, resamples: int, seed: int) -> Interval:
    """The correlation over C conditions of the two means over N items; a resample draws items."""
    value = float(spearman(*table.mean(axis=1).T[:2]))
    drawn = item_draws(table.shape[1], resamples, seed)
    means = np.array([table[:, places, :2].mean(axis=1) for places in drawn]).reshape(resamples, len(table), 2)
    draws = spearman(means[..., 0], means[..., 1]) if resamples else np.empty(0)
    return interval(value, draws, table.shape[1])


def _entropy(reference: Sequence[float]) -> float:
    """In nats."""
    return -math.fsum(p * math.log(p) for p in reference if p > 0)
