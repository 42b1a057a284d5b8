"""Options of questions that go in batches, and what calls cost either way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labeldist.cli.together import together

if TYPE_CHECKING:
    from labeldist.cli.spending import Prices
    from labeldist.models.batch import Batch

batch_options = together(
    click.option(
        "--batch",
        is_flag=True,
        help="Ask a server's questions in batches, which many providers answer within a day for half the price. "
        "Interrupted, the same command goes on waiting.",
    ),
    click.option(
        "--batch-file",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write the questions to a file (.jsonl) and end with status 3, asking nothing: for vllm run-batch, or any "
        "provider's batches by hand.",
    ),
    click.option(
        "--batch-results",
        type=click.Path(path_type=Path, dir_okay=False),
        multiple=True,
        metavar="FILE",
        help="Read the answers to such questions, and go on; may be repeated.",
    ),
    click.option(
        "--batch-price-in", type=click.FloatRange(min=0), help="Money for a million prompt tokens in batches."
    ),
    click.option("--batch-price-out", type=click.FloatRange(min=0), help="Money for a million new tokens in batches."),
)


def batch_settings(given: Mapping[str, Any]) -> Batch | None:
    """How questions go in batches, if they do; :class:`UsageError` for options that contradict each other."""
    from labeldist.core.errors import UsageError
    from labeldist.models.batch import Batch

    batch = Batch(given.get("batch_file"), given.get("batch_results", ()))
    if not given.get("batch") and not batch.by_hand:
        return None
    if given.get("batch") and batch.by_hand:
        raise UsageError(
            "--batch, and files of batches",
            hint="--batch asks the server itself; --batch-file and --batch-results are for batches by hand",
        )
    if given.get("engine", "local") != "local":
        raise UsageError("batches on a cluster", hint="leave out --engine: in batches nothing is computed here")
    return batch


def prices(given: Mapping[str, Any]) -> Prices:
    """The record of what calls cost."""
    from labeldist.cli.spending import Prices, TokenPrices

    return Prices(
        TokenPrices(given["price_in"], given["price_out"]),
        TokenPrices(given.get("batch_price_in"), given.get("batch_price_out")),
    )
