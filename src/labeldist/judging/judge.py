"""The judge stage: items with their chosen explanations in, model judgment distributions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from labeldist.core.distribution import OptionScores
from labeldist.core.errors import UsageError
from labeldist.core.item import Explanation, Item
from labeldist.core.task import LETTERS, Task
from labeldist.judging.orders import Order, further_orders, orders
from labeldist.judging.pool import Pooled, pool_alike
from labeldist.judging.prompts import LETTERS_STYLE, WORDS_STYLE, JudgePrompt, check_letters, judge_prompts
from labeldist.judging.scoring import option_scores
from labeldist.judging.transform import Transform, read_transform
from labeldist.judging.verbalised import AS_SAID, STYLE, verbalised_scores
from labeldist.models.base import LanguageModel


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """How to ask and how to pool. ``auto`` for ``style`` and ``transform`` means what suits the model."""

    orders: str = "balanced:12"
    style: str = "auto"
    transform: str = "auto"
    explicit: bool = False
    seed: int = 0

    def for_model(self, model: LanguageModel, labels: int = 0) -> JudgeSettings:
        """These settings with the model's own style and transform filled in, checked against what it can do.

        ``labels``: how many the task has; where letters run out, ``auto`` means words instead.
        """
        style = model.answer_style if self.style == "auto" else self.style
        if self.style == "auto" and style == LETTERS_STYLE and labels > len(LETTERS):
            style = WORDS_STYLE
        check_letters(style, labels)
        suits = AS_SAID if style == STYLE else model.transform
        spec = suits if self.transform == "auto" else self.transform
        if style == STYLE and spec != AS_SAID:
            raise UsageError(
                f"transform {spec!r} of what a model says", hint=f"leave it as it is said: --transform {AS_SAID}"
            )
        if read_transform(spec).needs_raw_logits and not model.capabilities.raw_logits:
            raise UsageError(
                f"transform {spec!r} needs raw logits, and model {model.name!r} gives log-probabilities only",
                hint="use softmax:T",
            )
        return replace(self, style=style, transform=spec)


def judge(
    asked: Sequence[tuple[Item, Sequence[Explanation]]],
    task: Task,
    model: LanguageModel,
    settings: JudgeSettings,
) -> list[Pooled]:
    """The MJD of each item, given the explanations to show with it.

    ``asked`` is one batch: the caller decides how much is computed at a time. All its prompts go to the model in one
    call; with ``auto:SE`` orders, those of the items that are not precise enough follow in further calls. Which orders
    an item gets depends on its own answers, never on the batch. Source: arXiv 2412.13942, section 3. In the answer
    style ``verbalised`` the model says the distribution itself (:mod:`labeldist.judging.verbalised`).

    >>> from labeldist.models.scripted import Scripted
    >>> from labeldist.tasks.load import load_task
    >>> item = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
    >>> [mjd] = judge([(item, [])], load_task("nli"), Scripted(), JudgeSettings())
    >>> mjd.orders, round(sum(mjd.distribution.probabilities), 6)
    (6, 1.0)
    """
    settings = settings.for_model(model, len(task.labels))
    transform = read_transform(settings.transform)
    ask = verbalised_scores if settings.style == STYLE else option_scores
    scores: list[list[OptionScores | None]] = [[] for _ in asked]
    pooled: dict[int, Pooled] = {}
    due = {
        at: orders(settings.orders, len(explanations), len(task.labels), seed=settings.seed)
        for at, (_, explanations) in enumerate(asked)
    }
    while due:
        prompts: list[JudgePrompt] = []
        whose: list[int] = []
        for at, wanted in due.items():
            fresh = wanted[len(scores[at]) :]
            whose += [at] * len(fresh)
            prompts += judge_prompts(task, *asked[at], fresh, style=settings.style, explicit=settings.explicit)
        for at, found in zip(whose, ask(model, prompts, task.label_names), strict=True):
            scores[at].append(found)
        pooled |= _pooled(due, scores, transform)
        more = {at: further_orders(settings.orders, due[at], pooled[at].standard_error, settings.seed) for at in due}
        due = {at: wanted for at, wanted in more.items() if len(wanted) > len(scores[at])}
    return [pooled[at] for at in range(len(asked))]


def _pooled(
    asked: Mapping[int, Sequence[Order]], scores: Sequence[Sequence[OptionScores | None]], transform: Transform
) -> dict[int, Pooled]:
    """The MJDs by place in ``scores``; those of items that were asked under the same orders are made together."""
    alike: dict[tuple[int, int, int], list[int]] = {}
    for at, orders_of in asked.items():
        unread = sum(score is None for score in scores[at])
        alike.setdefault((len(orders_of[0].explanations), len(orders_of), unread), []).append(at)
    pooled: dict[int, Pooled] = {}
    for places in alike.values():
        found = pool_alike([scores[at] for at in places], transform, asked[places[0]])
        pooled |= zip(places, found, strict=True)
    return pooled
