"""The names of a run's files."""

from __future__ import annotations

from labeldist.datasets.names import file_part
from labeldist.explanations.condition import Condition


def mjds_name(condition: Condition) -> str:
    """The file of the MJDs of ``condition``.

    >>> mjds_name(Condition("label-guided", group="mnli", ranking="longest"))
    'mjd.mnli-guided-longest.jsonl'
    """
    base, colon, ranking = condition.name.partition(":")
    return f"mjd.{file_part(base)}{colon and '-' + file_part(ranking)}.jsonl"


def posterior_name(group: str | None) -> str:
    """The file of the posterior of all annotators, or of those of a ``group``.

    >>> posterior_name(None), posterior_name("mnli")
    ('posterior.jsonl', 'posterior.mnli.jsonl')
    """
    return "posterior.jsonl" if group is None else f"posterior.{file_part(group)}.jsonl"
