"""All 144 orders of an item: the tree against the published procedure, of which a part is measured.

The authors ask batches of 20 prompts in their own order, padded on the left, and let the model write up to 256 new
tokens greedily, of which the first one's logits are used (arXiv 2412.13942). One batch of each item is measured and
counted 144 / 20 times. Random weights never end an answer, so each has 256 tokens; an answer of a model that ends it
early costs less, as far as all of its batch do.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.embedded.markdown import table
from benchmarks.engine.llamas import SIZES, Llama, opened
from benchmarks.engine.prompts import in_all_orders, items
from benchmarks.engine.setup import Setup
from benchmarks.point import Point

BATCH, NEW = 20, 256
LEAST = 50.0


def measure(setup: Setup) -> dict[str, Any]:
    """Both sizes."""
    return {"sizes": {size: _compared(setup, opened(size)) for size in SIZES}}


def _compared(setup: Setup, llama: Llama) -> dict[str, Any]:
    runs = []
    llama.tree(in_all_orders(llama.model, items(1)[0])[:24])  # finds out that the model takes trees
    for asked in items(setup.runs):
        sequences = in_all_orders(llama.model, asked)
        tree = setup.seconds(lambda: llama.tree(sequences))  # noqa: B023 (called at once)
        batch = setup.seconds(lambda: _generated(llama.network, sequences[:BATCH]))  # noqa: B023
        whole = batch * len(sequences) / BATCH
        runs.append({"tree": round(tree, 3), "published": round(whole, 1), "ratio": round(whole / tree, 1)})
        print(f"  {llama.model.name}: {runs[-1]}", file=sys.stderr, flush=True)
    medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return {"parameters": llama.parameters, "runs": runs, "median": medians}


def _generated(network: Any, sequences: Sequence[Sequence[int]]) -> None:
    """A batch padded on the left, continued greedily."""
    import torch
    import transformers

    longest = max(map(len, sequences))
    ids, mask = (torch.zeros(len(sequences), longest, dtype=torch.long) for _ in range(2))
    for row, sequence in enumerate(sequences):
        ids[row, longest - len(sequence) :] = torch.tensor(sequence)
        mask[row, longest - len(sequence) :] = 1
    config = transformers.GenerationConfig(max_new_tokens=NEW, do_sample=False, pad_token_id=0)
    with torch.inference_mode():
        made = network.generate(ids, attention_mask=mask, generation_config=config)
    assert made.shape == (len(sequences), longest + NEW)


def points(result: dict[str, Any]) -> list[Point]:
    """What was asked."""
    return [
        Point(f"144 prompts, {size}: times the published procedure", "at least", LEAST, row["median"]["ratio"])
        for size, row in result["sizes"].items()
    ]


def rendered(result: dict[str, Any]) -> str:
    """A line per size."""
    lines = [
        [
            f"{size} ({row['parameters'] / 1e6:.1f}M)",
            f"{row['median']['published']:,.0f} s",
            f"{row['median']['tree']:.2f} s",
            f"{row['median']['ratio']:.0f}",
        ]
        for size, row in result["sizes"].items()
    ]
    return table(["", f"published, from one batch of {BATCH}", "tree", "ratio"], lines)
