"""What the plots share: results as sets of distributions, and axes to draw on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from labeldist.api.distributions import Distributions
from labeldist.api.read import opened
from labeldist.api.run import Run
from labeldist.core.errors import UsageError, shown
from labeldist.datasets.source import Dataset
from labeldist.estimation.estimate import Estimate
from labeldist.evaluation.description import Description
from labeldist.reports.figures.panels import Panel
from labeldist.reports.figures.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from labeldist.evaluation.metric import Array

PLOTTED = "give what labeldist.estimate, judge, predict, run, describe or read gave, or {name: one of these}"


def sets_of(results: Any, reference: Any = None) -> tuple[tuple[str, ...], list[Panel]]:
    """The labels and the sets of ``results``; that of ``reference``, a source, is the last one."""
    found = [_set(name, value) for name, value in _named(results)]
    if reference is not None:
        found.append(reference_set(reference, found[0][0] if found else None))
    if not found:
        raise UsageError("nothing to plot", hint=PLOTTED)
    labels = found[0][0]
    for other, panel in found:
        if other != labels:
            raise UsageError(
                f"{panel.name!r} has the labels {', '.join(other)}, the first result {', '.join(labels)}",
                hint="plot results of the same labels",
            )
    if not any(panel.ids for _, panel in found):
        raise UsageError("results without any item", hint="plot results of at least one item")
    return labels, [panel for _, panel in found if panel.ids]


def reference_set(source: Any, labels: tuple[str, ...] | None = None) -> tuple[tuple[str, ...], Panel]:
    """The references of ``source``; raises :class:`UsageError` where it has none."""
    how: Any = {} if labels is None or isinstance(source, Dataset) else {"labels": labels}
    dataset = opened(source, how)
    names = dataset.task.label_names
    known = {item.id: found for item in dataset.items() if (found := item.reference_distribution(names)) is not None}
    if not known:
        raise UsageError(
            f"{dataset.name} has no item with a reference",
            hint="give items whose reference says what many people chose",
        )
    shares = np.array([one.probabilities for one in known.values()])
    return names, Panel("reference", "reference", tuple(known), shares)


def _named(results: Any) -> list[tuple[str, Any]]:
    if isinstance(results, Run):
        return [*results.judged.items(), *results.posteriors.items()]
    return [*results.items()] if isinstance(results, Mapping) else [("", results)]


def _set(name: str, value: Any) -> tuple[tuple[str, ...], Panel]:
    if isinstance(value, Estimate):
        known = value.posterior
        return value.labels, Panel(
            name or "posterior", "posterior", value.ids, value.distribution, known.low, known.high
        )
    if isinstance(value, Distributions):
        return value.labels, _of_rows(name or value.name, value)
    if isinstance(value, Description):
        return tuple(value.label_counts), _of_counts(name, value.of_items.ids, value.of_items.counts)
    if isinstance(value, Dataset):
        items = [*value.items()]
        counts = np.array([item.label_counts(value.task.label_names) for item in items], dtype=np.float64)
        shape = (len(items), len(value.task.label_names))
        return value.task.label_names, _of_counts(name, [item.id for item in items], counts.reshape(shape))
    raise UsageError(f"{shown(type(value).__name__)} to plot", hint=PLOTTED)


def _of_counts(name: str, ids: Sequence[str], counts: Array) -> Panel:
    """What people said of the items with labels."""
    given = counts.sum(axis=1)
    rows = np.flatnonzero(given).tolist()
    shares = counts[rows] / given[rows, None]
    return Panel(name or "labels", "labels", tuple(ids[at] for at in rows), shares)


def _of_rows(name: str, value: Distributions) -> Panel:
    """Rows that have intervals are those of a posterior."""
    ends = [[row.get("interval", {}).get(label, (np.nan, np.nan)) for label in value.labels] for row in value.rows]
    both = np.array(ends, dtype=np.float64).reshape(len(ends), len(value.labels), 2)
    if not len(both) or np.isnan(both).all():
        return Panel(name, "model", value.ids, value.mean)
    return Panel(name, "posterior", value.ids, value.mean, both[..., 0], both[..., 1])


@contextmanager
def drawing(ax: Axes | Sequence[Axes] | None = None) -> Iterator[Figure]:
    """The style of all figures, and the figure of ``ax``, or a new one, empty, that a notebook shows by itself."""
    if ax is None:
        import matplotlib.pyplot as plt

        # Made before the style, which takes back what is set within it: with its first figure a notebook's backend sets
        # that figures show themselves.
        figure = plt.figure(layout="constrained", facecolor="white")
    else:
        first: Any = ax[0] if isinstance(ax, Sequence) else ax
        figure = first.figure
    with styled():
        yield figure


def axes_or_new(ax: Axes | None, figure: Figure, width: float, height: float) -> Axes:
    """``ax``, or those of the new ``figure``, of this size in inches."""
    if ax is not None:
        return ax
    figure.set_size_inches(width, height)
    found: Axes = figure.subplots()
    return found
