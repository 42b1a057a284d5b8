"""Carries out the passes of a prompt tree (:mod:`labeldist.models.prompt_tree`) on a model of transformers.

A pass is one call of the model with positions and a 4-dimensional mask of its own, behind a cache from which only the
path to the next pass's nodes is kept. Which models can is found out by trying: :mod:`.trial`.

Attention goes through the model's own implementation with the whole mask (r, 1, n, p + n), small beside the
activations for passes of this size; layers with a sliding window get a mask of their own. Flex attention, which would
need none, was not measured for want of a GPU.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from labeldist.models.prompt_tree import Ints, Pass, passes

# On one and on two cores, 17M and 158M parameters: 320 to 800 nodes are within a tenth of each other. Fewer leave the
# products of matrices small, more make attention, whose cost grows with the square, large.
CPU_NODES = 512
# Of one row on another device, not measured for want of a GPU: attention is then a twentieth of an 8B model's work.
ROW_NODES = 1024
UNBOUNDED = 1 << 30
SLIDING = "sliding_attention"  # as configurations of transformers call a layer with a window


def shape(nodes: int, batch_tokens: int, device: str) -> tuple[int, int]:
    """Nodes of a row in one pass and the rows beside each other, for a tree of ``nodes``: within ``batch_tokens``.

    Each row computes its own copy of the beginning that all share, so rows are as few as fill the device.

    >>> shape(3500, 8192, "cpu"), shape(3500, 8192, "cuda"), shape(90_000, 8192, "cuda"), shape(3500, 100, "cuda")
    ((512, 1), (1024, 3), (1024, 8), (100, 1))
    """
    if device == "cpu":
        return min(CPU_NODES, batch_tokens), 1
    most = min(ROW_NODES, batch_tokens)
    return most, max(1, min(batch_tokens // most, nodes // most))


def reach(config: Any) -> int:
    """The longest sequence for which a tree computes what the model does.

    With attention in chunks our mask would show too much; with positions scaled by the length of what is computed
    (LongRoPE), a longer sequence beside a short one would change it.

    >>> from types import SimpleNamespace
    >>> reach(SimpleNamespace(attention_chunk_size=128))
    128
    """
    bounds = [getattr(config, "attention_chunk_size", None)]
    scaling = getattr(config, "rope_parameters", None) or getattr(config, "rope_scaling", None) or {}
    if "longrope" in str(scaling):
        bounds += [scaling.get("original_max_position_embeddings")]
        bounds += [getattr(config, "original_max_position_embeddings", None)]
    return min((bound for bound in bounds if bound), default=UNBOUNDED)


def window(config: Any) -> int:
    """How many tokens, itself included, a token sees in layers whose window slides.

    >>> from types import SimpleNamespace
    >>> window(SimpleNamespace(sliding_window=128))
    128
    """
    return getattr(config, "sliding_window", None) or UNBOUNDED


def last_logits(model: Any, sequences: Sequence[Sequence[int]], most: int, rows: int = 1) -> Iterator[tuple[Ints, Any]]:
    """Indices of some sequences and the logits (e, vocabulary) at their last tokens, until all have come.

    ``most`` and ``rows`` as :func:`labeldist.models.prompt_tree.passes` has them.
    """
    from transformers import DynamicCache

    # Without the model's configuration no layer crops its keys to a window.
    cache = DynamicCache()
    for one in passes(sequences, most, rows):
        logits = computed(model, one, cache, masks(model, one))
        if logits is not None:
            yield one.members, logits


def computed(model: Any, one: Pass, cache: Any, mask: Any) -> Any:
    """The logits (e, vocabulary) at the ends of a pass, None where it has none; the cache as the next pass needs it.

    ``mask``: what attention takes for the pass's mask, as :func:`masks` makes it.
    """
    import torch

    device = model.device
    with _only_at(model, torch.from_numpy(one.ends).to(device)):
        made = model(
            input_ids=torch.from_numpy(one.ids).to(device),
            position_ids=torch.from_numpy(one.positions).to(device),
            attention_mask=mask,
            use_cache=True,
            **{_cache_name(model): cache},
        )
    keep = torch.from_numpy(one.keep).to(device)[:, None, :, None]
    for layer in cache.layers:
        layer.keys, layer.values = (
            part.gather(2, keep.expand(-1, part.shape[1], -1, part.shape[3])) for part in (layer.keys, layer.values)
        )
    return made.logits[0] if len(one.ends) else None


def masks(model: Any, one: Pass) -> Any:
    """The mask (r, 1, n, p + n) of a pass as numbers to add; one per kind of layer where some have a window.

    Numbers, since implementations of attention other than SDPA take no truth values.
    """
    import torch

    def to_add(seen: Any) -> Any:
        mask = torch.zeros((seen.shape[0], 1, *seen.shape[1:]), dtype=model.dtype, device=model.device)
        return mask.masked_fill_(~torch.from_numpy(seen[:, None]).to(model.device), torch.finfo(model.dtype).min)

    config = model.config.get_text_config()
    width, kinds = window(config), set(getattr(config, "layer_types", None) or ())
    if one.positions.max() < width:
        return to_add(one.mask)
    near = to_add(one.mask & (_distances(one) < width))
    if SLIDING not in kinds:
        return near
    return {kind: near if kind == SLIDING else to_add(one.mask) for kind in kinds}


def _distances(one: Pass) -> Any:
    """How many tokens a position is before a node (r, n, p + n), where the node sees it."""
    # What the cache keeps of a row is one path from the root, so its places are its positions.
    rows, count, seen = one.mask.shape
    past = np.broadcast_to(np.arange(seen - count), (rows, seen - count))
    return one.positions[:, :, None] - np.concatenate([past, one.positions], axis=1)[:, None, :]


@contextmanager
def _only_at(model: Any, ends: Any) -> Iterator[None]:
    """Within, logits are computed of the nodes ``ends`` (into rows * nodes) only, as (1, e, vocabulary).

    The argument ``logits_to_keep`` takes places that all rows have in common, and not every model has it; what goes
    into the last layer can be picked in all of them.
    """

    def picked(_: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden, *others = inputs
        return (hidden.flatten(0, 1)[ends][None], *others)

    hook = model.get_output_embeddings().register_forward_pre_hook(picked)
    try:
        yield
    finally:
        hook.remove()


def _cache_name(model: Any) -> str:
    """What the model calls its cache: that changed with transformers 5."""
    return "cache" if "cache" in inspect.signature(model.forward).parameters else "past_key_values"
