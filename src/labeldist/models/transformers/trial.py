"""Finds out whether a model can compute prompt trees, by computing one: no list of names would stay right."""

from __future__ import annotations

from itertools import product
from typing import Any

from labeldist.models.transformers import plain, tree
from labeldist.models.transformers.failures import reason

# Of the spread (standard deviation) of a sequence's logits, by the bits of the number format. What a model computes
# otherwise shows at a hundredth and more; rounding is 1e-6 in 32 bits, and a few hundredths in 16.
TOLERANCES = {32: 1e-4, 16: 0.05}
NODES = 520


def why_not(model: Any) -> str | None:
    """Why the model's logits of a prompt tree are not those of its prompts; None where they are.

    The tree has passes as large as real ones, so that a window over places in a pass shows, and two of them, so that
    the cache is used. Raises what the model raises on plain prompts.
    """
    import torch

    sequences = _sequences(model.config.get_text_config().vocab_size)
    compared = range(0, len(sequences), len(sequences) // 5)
    with torch.inference_mode():
        expected = {
            compared[member]: row.float()
            for members, logits in plain.last_logits(model, [sequences[at] for at in compared], most=256)
            for member, row in zip(members, logits, strict=True)
        }
        try:
            found = {
                int(member): row.float()
                for members, logits in tree.last_logits(model, sequences, NODES)
                for member, row in zip(members, logits, strict=True)
                if member in expected
            }
        except torch.OutOfMemoryError:  # says nothing of the model
            raise
        except Exception as error:  # each architecture has its own way to refuse a mask, positions or a cache
            return f"it fails with {type(error).__name__}: {reason(error)}"
    differences = [float((found[at] - expected[at]).square().mean().sqrt() / expected[at].std()) for at in expected]
    tolerance = TOLERANCES[torch.finfo(model.dtype).bits]
    if all(difference <= tolerance for difference in differences):  # which nan is not
        return None
    return f"logits come out different by {max(differences):.2g} of their spread"


def _sequences(vocabulary: int) -> list[list[int]]:
    """10 tokens, and behind them every way to take 3 to 9 tokens of two kinds: 1,032 nodes."""
    opening = [(7 * at + 2) % vocabulary for at in range(10)]
    kinds = (3 % vocabulary, 5 % vocabulary)
    return sorted([*opening, *rest] for length in range(3, 10) for rest in product(kinds, repeat=length))
