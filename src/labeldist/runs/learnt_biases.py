"""The biases of a source's annotators, learnt from what they said of the same items, for its description."""

from __future__ import annotations

import numpy as np

from labeldist.estimation.bias_fit import biases_of
from labeldist.estimation.given_labels import GivenLabels
from labeldist.estimation.labels import PILOT, fit_labels
from labeldist.estimation.observations import Array, Observations
from labeldist.evaluation.annotations import NOBODY, Annotations
from labeldist.evaluation.description import LearntBias


def learnt_biases(found: Annotations, counts: Array, seed: int = 0) -> tuple[LearntBias, ...]:
    """Each annotator's who recurs, the surest first; none where held-out labels do not say that they help."""
    named = found.annotator != NOBODY
    places = (values[named].astype(np.int32) for values in (found.row, found.annotator, found.label))
    item, annotator, label = places
    given = GivenLabels(found.annotators, found.labels, item, annotator, label, found.times[named].astype(np.float64))
    observed = Observations(found.labels, found.ids, counts, given=given)
    fit = fit_labels(observed, most=PILOT)
    biases = biases_of(observed, fit.concentration * fit.prior_mean((), len(counts)), seed)
    if biases is None:
        return ()
    surest = np.argsort(-np.max(np.abs(biases.bias) / biases.errors, axis=1))
    return tuple(
        LearntBias(
            biases.names[at],
            int(biases.numbers[at]),
            dict(zip(found.labels, biases.bias[at].tolist(), strict=True)),
            dict(zip(found.labels, biases.errors[at].tolist(), strict=True)),
        )
        for at in surest.tolist()
    )
