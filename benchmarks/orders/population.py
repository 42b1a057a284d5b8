"""Items whose every order has been asked, so that the error of any part of the orders is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labeldist.core.item import Explanation, Item
from labeldist.core.task import Task
from labeldist.judging.orders import Order, all_orders
from labeldist.judging.prompts import JudgePrompt, judge_prompt
from labeldist.judging.scoring import option_scores
from labeldist.judging.transform import read_transform
from labeldist.models.base import LanguageModel

Floats = NDArray[np.float64]
Asked = tuple[Item, Sequence[Explanation]]
Row = tuple[int, ...]
AT_ONCE = 2000  # prompts in one call


@dataclass(frozen=True, slots=True)
class Population:
    """Logits (items, orders, labels), orders as in ``all_orders``, over the temperature that makes them shares."""

    explanations: int
    options: int
    logits: Floats

    @property
    def shares(self) -> Floats:
        """The distribution of each prompt (items, orders, labels)."""
        exponentials = np.exp(self.logits - self.logits.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]

    def places(self, pairs: Sequence[tuple[Row, Row]]) -> NDArray[np.int64]:
        """Where the orders stand among all."""
        known = {
            (order.explanations, order.options): at
            for at, order in enumerate(all_orders(self.explanations, self.options))
        }
        return np.array([known[pair] for pair in pairs])

    def preferring(self, preference: Sequence[float]) -> Population:
        """The same judge with a liking for places of options: what stands in place p gets ``preference[p]`` more."""
        orders = all_orders(self.explanations, self.options)
        more = np.array([[preference[order.options.index(label)] for label in range(self.options)] for order in orders])
        return replace(self, logits=self.logits + more)


def prompts_of(one: Asked, orders: Sequence[Order], task: Task, style: str) -> list[JudgePrompt]:
    """The item's prompts, as the judge stage asks them."""
    return [judge_prompt(task, *one, order, style=style) for order in orders]


def population(asked: Sequence[Asked], task: Task, model: LanguageModel) -> Population:
    """All orders of items that have one number of explanations; the model's transform is a softmax."""
    explanations, options = len(asked[0][1]), len(task.labels)
    orders = all_orders(explanations, options)
    transform = read_transform(model.transform)
    found: list[Floats] = []
    size = max(AT_ONCE // len(orders), 1)
    for some in (asked[at : at + size] for at in range(0, len(asked), size)):
        prompts = [prompt for one in some for prompt in prompts_of(one, orders, task, model.answer_style)]
        scores = option_scores(model, prompts, task.label_names)
        # The logarithms of shares are logits at temperature 1, whatever the transform.
        shares = transform.apply(np.array([score.logits for score in scores]))
        found += list(np.log(shares).reshape(len(some), len(orders), options))
    return Population(explanations, options, np.stack(found))
