"""The tree and padded batches side by side, and the bound: distinct tokens at the speed of plain long batches."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.embedded.markdown import percent, table
from benchmarks.engine.llamas import Llama
from benchmarks.engine.prompts import Asked, items
from benchmarks.engine.setup import Setup
from labeldist.models.prompt_tree import grow
from labeldist.models.transformers.model import TransformersModel

Prompts = Callable[[TransformersModel, Asked], list[list[int]]]


def compared(setup: Setup, llama: Llama, prompts: Prompts) -> dict[str, Any]:
    """Medians of the runs, each on an item of its own after one that warms up; ratios are medians of ratios."""
    asked = items(setup.runs)
    _run(setup, llama, prompts(llama.model, asked[0])[:24])
    runs = []
    for one in asked:
        runs.append(_run(setup, llama, prompts(llama.model, one)))
        print(f"  {llama.model.name}: {runs[-1]}", file=sys.stderr, flush=True)
    medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return {"parameters": llama.parameters, "runs": runs, "median": medians}


def _run(setup: Setup, llama: Llama, sequences: Sequence[Sequence[int]]) -> dict[str, float]:
    tokens, nodes = sum(map(len, sequences)), len(grow(sequences).ids)
    # Before and after the tree, since a machine that others use too changes its speed.
    before = setup.seconds(lambda: llama.long_batch(sequences))
    tree = setup.seconds(lambda: llama.tree(sequences))
    after = setup.seconds(lambda: llama.long_batch(sequences))
    padded = setup.seconds(lambda: llama.padded(sequences))
    bound = nodes * (before + after) / 2 / llama.long_batch(sequences)
    return {
        "prompts": len(sequences),
        "tokens": tokens,
        "tokens per node": round(tokens / nodes, 2),
        "tree": round(tree, 3),
        "padded": round(padded, 3),
        "bound": round(bound, 3),
        "ratio": round(padded / tree, 2),
        "share of the bound": round(bound / tree, 3),
    }


def rendered(rows: dict[str, dict[str, Any]]) -> str:
    """A line per size, of medians."""
    titles = ["", "prompts", "tokens", "per distinct one", "padded", "tree", "ratio", "bound", "of the bound"]
    lines = [
        [
            f"{size} ({row['parameters'] / 1e6:.1f}M)",
            f"{row['median']['prompts']:,.0f}",
            f"{row['median']['tokens']:,.0f}",
            f"{row['median']['tokens per node']:.1f}",
            f"{row['median']['padded']:.2f} s",
            f"{row['median']['tree']:.2f} s",
            f"{row['median']['ratio']:.1f}",
            f"{row['median']['bound']:.2f} s",
            percent(row["median"]["share of the bound"], 0),
        ]
        for size, row in rows.items()
    ]
    return table(titles, lines)
