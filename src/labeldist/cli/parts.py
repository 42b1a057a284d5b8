"""Every registry of labeldist, by the group of entry points that adds to it."""

from __future__ import annotations

from typing import Any

from labeldist.core.registry import Registry


def registries() -> dict[str, Registry[Any]]:
    """All of them. Their modules are imported here, and none of their parts."""
    from labeldist.classifiers.objectives import OBJECTIVES
    from labeldist.datasets.catalog import DATASETS
    from labeldist.datasets.format import FORMATS
    from labeldist.evaluation.metric import METRICS
    from labeldist.evaluation.variability.similarity import SIMILARITIES
    from labeldist.evaluation.variability.tagger import TAGGERS
    from labeldist.experiments.experiment import EXPERIMENTS
    from labeldist.explanations.parse import PARSERS
    from labeldist.explanations.select import GUIDES, RANKINGS
    from labeldist.judging.transform import TRANSFORMS
    from labeldist.models.open import BACKENDS

    known: tuple[Registry[Any], ...] = (
        METRICS, BACKENDS, DATASETS, GUIDES, RANKINGS, PARSERS, TRANSFORMS, EXPERIMENTS, OBJECTIVES, SIMILARITIES,
        TAGGERS, FORMATS,
    )  # fmt: skip
    return {str(registry.group): registry for registry in known}
