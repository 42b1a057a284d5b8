"""A pass of the tree through flex attention: the mask as a rule and blocks, instead of a number for every pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from labeldist.models.prompt_tree import Ints, Pass, passes
from labeldist.models.transformers import tree


def last_logits(model: Any, sequences: Sequence[Sequence[int]], most: int, rows: int = 1) -> Iterator[tuple[Ints, Any]]:
    """As :func:`labeldist.models.transformers.tree.last_logits`, for a model with ``flex_attention``."""
    from transformers import DynamicCache

    cache = DynamicCache()
    for one in passes(sequences, most, rows):
        logits = tree.computed(model, one, cache, block_mask(one, model.device))
        if logits is not None:
            yield one.members, logits


def block_mask(one: Pass, device: Any) -> Any:
    """The mask of a pass as a ``BlockMask``: blocks that nobody sees are left out."""
    import torch
    from torch.nn.attention.flex_attention import create_block_mask

    seen = torch.from_numpy(one.mask).to(device)

    def sees(row: Any, head: Any, node: Any, place: Any) -> Any:
        return seen[row, node, place]

    rows, nodes, places = one.mask.shape
    return create_block_mask(sees, rows, None, nodes, places, device=str(device))
