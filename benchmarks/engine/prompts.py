"""Prompts of real items: the paper's 341, with their human explanations."""

from __future__ import annotations

import os
from collections.abc import Iterable

from labeldist.core.errors import UsageError
from labeldist.core.item import Explanation, Item
from labeldist.datasets.source import open_source
from labeldist.explanations.condition import parse_condition
from labeldist.judging.orders import Order, all_orders
from labeldist.judging.prompts import judge_prompt
from labeldist.models.transformers.model import TransformersModel
from labeldist.tasks.load import load_task

SHOWN = 4
OPTIONS = 3
Asked = tuple[Item, tuple[Explanation, ...]]


def items(count: int) -> list[Asked]:
    """The first items with their four human explanations. Raises :class:`UsageError` without the data folder."""
    if "LABELDIST_DATA" not in os.environ:
        raise UsageError("no data", hint="set LABELDIST_DATA to the folder of data sets")
    dataset = open_source("mjd-estimator", limit=count)
    human = parse_condition("human")
    return [(item, human.choose(item, (), dataset.task)[:SHOWN]) for item in dataset.items()]


def in_all_orders(model: TransformersModel, asked: Asked) -> list[list[int]]:
    """The token sequences of all orders, in the published order: 144 with four explanations, 720 with five."""
    return _encoded(model, asked, all_orders(len(asked[1]), OPTIONS))


def swept(model: TransformersModel, asked: Asked) -> list[list[int]]:
    """Those of every choice of k = 0 to 4 of the explanations in every order: 390."""
    return [
        sequence
        for shown in range(len(asked[1]) + 1)
        for sequence in _encoded(model, asked, all_orders(len(asked[1]), OPTIONS, shown))
    ]


def _encoded(model: TransformersModel, asked: Asked, orders: Iterable[Order]) -> list[list[int]]:
    item, explanations = asked
    task = load_task("nli")
    return [model.encode(judge_prompt(task, item, explanations, order).text) for order in orders]
