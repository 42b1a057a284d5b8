"""All orders of an item's explanations: the prompt tree against plain padded batches of the same session."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.embedded import varierr
from benchmarks.embedded.judging import ALL
from benchmarks.embedded.markdown import table
from benchmarks.embedded.setup import Setup
from benchmarks.embedded.speed import machine
from labeldist.judging.orders import orders
from labeldist.judging.prompts import judge_prompt
from labeldist.models.embedded.batches import causal_mask, even_batches, padded
from labeldist.models.embedded.model import EmbeddedModel
from labeldist.models.embedded.session import LANES, in_lanes
from labeldist.models.open import open_model
from labeldist.models.prompt_tree import grow

ITEMS = 50
ANSWERS = ("true", "neutral", "false")
PLAIN_TOKENS = 512  # of a plain batch, padding included: of 512, 2,048 and 4,096 the fastest on the machine of the card

Floats = NDArray[np.float32]
Prompts = Sequence[Sequence[int]]


def measure(setup: Setup) -> dict[str, Any]:
    """Each item both ways, by turns one first and the other; an item's prompts are one call."""
    dataset = varierr.source(min(ITEMS, setup.limit or ITEMS))
    model: EmbeddedModel = open_model(setup.model)  # type: ignore[assignment]
    about = machine()
    tokens = [model.encode("", word)[1] for word in ANSWERS]
    plain, tree, apart = [], [], 0.0
    prompts = of_prompts = distinct = 0
    for number, (item, shown) in enumerate(varierr.asked_under("human", dataset)):
        every = orders(ALL, len(shown), len(dataset.task.labels))
        texts = [judge_prompt(dataset.task, item, shown, order, style=model.answer_style).text for order in every]
        sequences = list(dict.fromkeys(tuple(model.encode(text)) for text in texts))
        # What comes second finds a machine warmed by the first, so they take turns.
        ways = (in_plain_batches, through_the_tree) if number % 2 else (through_the_tree, in_plain_batches)
        found = {way: _timed(way, model, sequences, tokens) for way in ways}
        plain.append(found[in_plain_batches][1])
        tree.append(found[through_the_tree][1])
        apart = max(apart, float(np.abs(found[in_plain_batches][0] - found[through_the_tree][0]).max()))
        prompts += len(sequences)
        of_prompts += sum(map(len, sequences))
        distinct += len(grow(sequences).ids)
        print(f"  tree: item {number + 1}: {plain[-1]:.2f} s and {tree[-1]:.2f} s", file=sys.stderr, flush=True)
    ratios = np.divide(plain, tree)
    return {
        "items": len(plain),
        "prompts": prompts,
        "prompt tokens": of_prompts,
        "distinct tokens": distinct,
        "seconds, plain": round(sum(plain), 2),
        "seconds, tree": round(sum(tree), 2),
        "times as fast": {
            name: round(float(np.quantile(ratios, at)), 2)
            for name, at in (("least", 0.0), ("median", 0.5), ("most", 1.0))
        },
        "largest difference of a logit": float(f"{apart:.2g}"),
        "machine": about,
    }


def through_the_tree(model: EmbeddedModel, sequences: Prompts, tokens: Sequence[int]) -> Floats:
    """The logits (n, m) of ``tokens`` behind each sequence, as the library computes them."""
    return model.next_token_scores(sequences, [tokens] * len(sequences)).logits


def in_plain_batches(model: EmbeddedModel, sequences: Prompts, tokens: Sequence[int]) -> Floats:
    """The logits (n, m) of ``tokens`` behind each sequence, every prompt computed as a whole, sorted by length."""
    logits = np.empty((len(sequences), len(tokens)), dtype=np.float32)
    session = model.session

    def score(batch: Sequence[int]) -> None:
        ids, lengths = padded([sequences[at] for at in batch], pad=0)
        positions = np.broadcast_to(np.arange(ids.shape[1]), ids.shape)
        mask, rows = causal_mask(ids.shape[1]), lengths[:, None] - 1
        logits[batch] = session.forward(ids, positions, mask, session.empty_cache(), rows).logits[:, tokens]

    in_lanes(score, even_batches(sequences, PLAIN_TOKENS, lanes=LANES))
    return logits


def _timed(
    way: Callable[[EmbeddedModel, Prompts, Sequence[int]], Floats],
    model: EmbeddedModel,
    sequences: Prompts,
    tokens: Sequence[int],
) -> tuple[Floats, float]:
    begun = time.perf_counter()
    logits = way(model, sequences, tokens)
    return logits, time.perf_counter() - begun


def rendered(result: dict[str, Any]) -> str:
    """The table of the model card."""
    about, times = result["machine"], result["times as fast"]
    rows = [
        ["prompt tokens", f"{result['prompt tokens']:,}", f"{result['distinct tokens']:,}"],
        ["seconds", f"{result['seconds, plain']:.0f}", f"{result['seconds, tree']:.0f}"],
        [
            "times as fast, median of the items",
            "1",
            f"{times['median']:.1f} ({times['least']:.1f} to {times['most']:.1f})",
        ],
        ["machine", "", f"{about['processor']}, {about['cores']} cores"],
    ]
    title = f"{result['items']} items, 4 explanations, {result['prompts']:,} prompts"
    return table([title, "plain batches", "prompt tree"], rows)
