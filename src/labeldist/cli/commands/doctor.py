"""``labeldist doctor``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from labeldist.datasets.source import Dataset
    from labeldist.judging.judge import JudgeSettings
    from labeldist.models.base import LanguageModel
    from labeldist.runs.pilot import Pilot


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
@click.option(
    "--items",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    help="Of SOURCE: how many to judge, blind of their labels, to say whether the model is worth using; 0: none.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of a run to come: the answers are kept there, and `labeldist run --out` of it does not ask for them "
    "again.",
)
@source_options
@model_options
@price_options
@judge_options
@json_option
def command(
    source: str | None, explanations: tuple[str, ...], items: int, out: Path | None, as_json: bool, **given: Any
) -> int:
    """What a model can do; with SOURCE also what a run would cost, and whether the model is worth using as a judge.

    Asks one known prompt, and judges the first items of SOURCE: it compares what the model says of them with their
    labels or references, and with the base rate. Ends with status 1 where a server refuses the key, does not have the
    model, or is none.
    """
    from labeldist.cli.advice import advice_facts
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
    tried = None if dataset is None or not items else _tried(dataset, model, settings, items, out)
    prices = TokenPrices(given["price_in"], given["price_out"])
    if as_json:
        told = None
        if cost is not None:
            price = prices.of(cost.prompt_tokens, cost.new_tokens)
            told = asdict(cost) | {"calls": cost.calls, "price": price}
        say_json(
            {
                "model": asdict(health),
                "cost": told,
                "saved": None if saved is None else asdict(saved),
                "advice": None if tried is None or tried.advice is None else advice_facts(tried.advice),
                "failures": [] if tried is None else tried.failures,
            }
        )
        return 0
    if tried is not None and saved is not None and not saved.savings:
        saved = None  # it says that nothing is known before some items are judged, which they now are
    show_health(health, cost, saved, prices)
    if tried is not None:
        _show_tried(tried)
    return 0


def _tried(dataset: Dataset, model: LanguageModel, settings: JudgeSettings, items: int, out: Path | None) -> Pilot:
    """What came of the first items, whose answers are kept where a run in ``out`` looks for them."""
    from itertools import islice

    from labeldist.cli.progress import shown_progress
    from labeldist.runs.folder import STORE_NAME
    from labeldist.runs.inputs import inputs_of, refuse_overwritten
    from labeldist.runs.kept_calls import kept_calls
    from labeldist.runs.pilot import blind, carried, pilot

    store = None if out is None else out / STORE_NAME
    if store is not None:
        refuse_overwritten(store.parent, [store], [*dataset.inputs, *inputs_of(models=[model.name])])
    asked = blind(map(carried, islice(dataset.items(), items)))
    with kept_calls(store, model) as (_, recorded), shown_progress() as progress:
        return pilot(asked, dataset.task, recorded, settings, progress)


def _show_tried(tried: Pilot) -> None:
    from labeldist.cli.advice import show_advice
    from labeldist.cli.printing import say, tell

    say()
    if tried.advice is not None:
        show_advice(tried.advice)
    if tried.failures:
        tell("warning", f"{len(tried.failures):,} of these items could not be judged, the first: {tried.failures[0]}")
