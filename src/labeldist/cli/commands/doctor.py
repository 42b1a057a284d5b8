"""``labeldist doctor``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from labeldist.cli.judge_options import judge_options
from labeldist.cli.options import (
    json_option,
    judge_settings,
    model_options,
    model_settings,
    opening,
    price_options,
    source_options,
    split_names,
)
from labeldist.cli.printing import say_json


@click.command(
    "doctor", epilog="Example: labeldist doctor items.jsonl --model server:my-model@http://localhost:8000/v1"
)
@click.argument("source", required=False)
@click.option(
    "--explanations",
    multiple=True,
    metavar="SPEC,...",
    help="Of the run whose cost to tell, as for `labeldist run`.",
)
@source_options
@model_options
@price_options
@judge_options
@json_option
def command(source: str | None, explanations: tuple[str, ...], as_json: bool, **given: Any) -> int:
    """What a model can do, what a run over SOURCE would cost, and how many labels the evidence in it saves.

    Asks one known prompt, so nothing worth mentioning is spent. Ends with status 1 where a server refuses the key, does
    not have the model, or is none.
    """
    from labeldist.cli.health import show_health
    from labeldist.cli.spending import TokenPrices
    from labeldist.datasets.source import open_source
    from labeldist.models.open import open_model
    from labeldist.runs.doctor import cost_of, examine, saved_by_evidence
    from labeldist.tasks.load import load_task

    settings = judge_settings(given, 0)
    dataset = None
    if source is not None:
        dataset = open_source(source, **opening(given))
    task = load_task(given["task"]) if dataset is None else dataset.task
    item = None if dataset is None else next(iter(dataset.items()), None)
    model = open_model(given["model"], model_settings(given))
    health = examine(model, task, settings, item)
    cost = None if dataset is None else cost_of(dataset, split_names(explanations), settings, model, health)
    saved = None if dataset is None else saved_by_evidence(dataset)
    prices = TokenPrices(given["price_in"], given["price_out"])
    if as_json:
        told = None
        if cost is not None:
            price = prices.of(cost.prompt_tokens, cost.new_tokens)
            told = asdict(cost) | {"calls": cost.calls, "price": price}
        say_json({"model": asdict(health), "cost": told, "saved": None if saved is None else asdict(saved)})
        return 0
    show_health(health, cost, saved, prices)
    return 0
