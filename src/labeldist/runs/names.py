"""The names of a run's files."""

from __future__ import annotations

from labeldist.datasets.names import file_part
from labeldist.explanations.condition import Condition
from labeldist.models.short_names import file_name_part


def mjds_name(condition: Condition, judge: str | None = None) -> str:
    """The file of the MJDs of ``condition``, by that ``judge`` where there are several.

    >>> mjds_name(Condition("label-guided", group="mnli", ranking="longest"))
    'mjd.mnli-guided-longest.jsonl'
    >>> mjds_name(Condition("none"), "Qwen2.5-7B")
    'mjd.qwen2-5-7b.none.jsonl'
    """
    base, colon, ranking = condition.name.partition(":")
    whose = "" if judge is None else f"{file_name_part(judge)}."
    return f"mjd.{whose}{file_part(base)}{colon and '-' + file_part(ranking)}.jsonl"


def posterior_name(group: str | None) -> str:
    """The file of the posterior of all annotators, or of those of a ``group``.

    >>> posterior_name(None), posterior_name("mnli")
    ('posterior.jsonl', 'posterior.mnli.jsonl')
    """
    return "posterior.jsonl" if group is None else f"posterior.{file_part(group)}.jsonl"
