"""What a judge sees of explanations, as a short spec: ``none``, ``human``, ``label-free``, ``mnli-guided:longest``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labeldist.core.errors import InputError, UsageError
from labeldist.core.item import Explanation, Item
from labeldist.core.registry import did_you_mean
from labeldist.core.spelling import nfc
from labeldist.core.task import Task
from labeldist.explanations.select import GUIDES, RANKINGS, Selection, select

NONE = "none"
HUMAN = "human"
VALIDITY = "validity"
LABEL_GUIDED = "label-guided"
GUIDED = "-guided"
DEFAULT_RANKING = "first"
FIXED = (NONE, HUMAN, VALIDITY)


@dataclass(frozen=True, slots=True)
class Condition:
    """One way to put explanations before the judge; ``parse_condition(condition.name) == condition``.

    ``guide`` is ``none``, ``human``, ``validity`` (every explanation of every label, each by itself) or the name of a
    guide; ``group`` limits ``label-guided`` to one group of
    annotators.

    >>> Condition("label-guided", group="mnli", ranking="longest").name
    'mnli-guided:longest'
    """

    guide: str
    group: str | None = None
    ranking: str = DEFAULT_RANKING

    def __post_init__(self) -> None:
        fixed = self.guide in FIXED
        if not fixed:
            GUIDES.get(self.guide)
        RANKINGS.get(self.ranking)
        if fixed and self.ranking != DEFAULT_RANKING:
            raise UsageError(
                f"the condition {self.guide!r} has nothing to rank by {self.ranking!r}",
                hint="leave the ranking out: these explanations keep their order",
            )
        if self.group is not None and self.guide != LABEL_GUIDED:
            raise UsageError(f"the condition {self.guide!r} takes no group", hint=f"only {LABEL_GUIDED} does")
        if self.group is not None and (self.group in ("", "label") or ":" in self.group):
            raise UsageError(f"a group of annotators named {self.group!r}", hint="rename it to use it in a condition")

    @property
    def name(self) -> str:
        """The spec that stands for this condition; the default ranking is left out."""
        base = self.guide if self.group is None else self.group + GUIDED
        return base if self.ranking == DEFAULT_RANKING else f"{base}:{self.ranking}"

    @property
    def saw_labels(self) -> bool:
        """Whether what the judge sees depends on this item's human labels."""
        return self.guide == HUMAN or (self.guide not in FIXED and GUIDES.get(self.guide).sees_labels)

    def wanted(self, item: Item, task: Task) -> tuple[str, ...]:
        """The labels of what the judge will see, in order, before any model is asked.

        Raises :class:`InputError` where ``item`` lacks the labels or explanations that this takes.
        """
        if self.guide == NONE:
            return ()
        if self.guide == VALIDITY:
            return tuple(task.label_names)
        if self.guide == HUMAN:
            return tuple(explanation.label for explanation in _human(item))
        return GUIDES.get(self.guide).sequence(item, task.label_names, self.group)

    def choose(
        self,
        item: Item,
        pool: Sequence[Explanation],
        task: Task,
        *,
        seed: int = 0,
    ) -> tuple[Explanation, ...]:
        """What the judge sees of ``item``: nothing, its human explanations as given, or a selection from ``pool``."""
        if self.guide == NONE:
            return ()
        if self.guide == HUMAN:
            return _human(item)
        if self.guide == VALIDITY:
            return tuple(pool)
        return select(item, pool, task, Selection(self.guide, self.group, self.ranking, seed))


def parse_condition(spec: str, groups: Sequence[str] | None = None) -> Condition:
    """The condition that ``spec`` stands for; ``groups`` are the groups of annotators there are, where known.

    Raises :class:`UsageError` with the choices for anything else. While ``groups`` is unknown, any group is
    taken, and :func:`select` refuses the first item without annotators of it.

    >>> parse_condition("varierr-guided:longest")
    Condition(guide='label-guided', group='varierr', ranking='longest')
    """
    base, colon, ranking = nfc(spec).partition(":")  # groups of annotators are named in it
    ranking = ranking if colon else DEFAULT_RANKING
    guides = [*FIXED, *GUIDES.names()]
    if base in guides:
        return Condition(base, ranking=ranking)
    group = base.removesuffix(GUIDED)
    if group in ("", base) or (groups is not None and group not in groups):
        error = did_you_mean(
            "kind of explanations", base, [*guides, *(known + GUIDED for known in groups or ("GROUP",))]
        )
        error.hint += f". GROUP-guided: by annotators named GROUP/...; groups here: {', '.join(groups or ()) or 'none'}"
        raise error
    return Condition(LABEL_GUIDED, group, ranking)


def _human(item: Item) -> tuple[Explanation, ...]:
    human = tuple(explanation for explanation in item.explanations if explanation.source == HUMAN)
    if not human:
        raise InputError(
            f"no human explanation of item {item.id!r}",
            expected="at least one",
            hint="use a condition with a model's explanations, such as label-free, or none",
        )
    return human
