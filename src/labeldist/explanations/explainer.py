"""Whose explanations are chosen from, as a short spec: a model, ``same``, or ``items:SOURCE``."""

from __future__ import annotations

from dataclasses import dataclass

CARRIED, SAME = "items:", "same"


@dataclass(frozen=True, slots=True)
class Explainer:
    """Who explains: the ``model`` of that spec, or those whom the items name as the ``carried`` source.

    ``is_judge``: the model is the one that judges.
    """

    model: str | None = None
    carried: str | None = None
    is_judge: bool = False


def read_explainer(spec: str, judge: str) -> Explainer:
    """The explainer that ``spec`` stands for, where the model ``judge`` judges.

    >>> read_explainer("items:human", "embedded").carried, read_explainer("same", "embedded").model
    ('human', 'embedded')
    """
    if spec.startswith(CARRIED):
        return Explainer(carried=spec.removeprefix(CARRIED))
    is_judge = spec in (SAME, judge)
    return Explainer(model=judge if is_judge else spec, is_judge=is_judge)
