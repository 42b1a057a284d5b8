"""What is measured: first whether the tree is exact, then how fast it is, beside plain batches and the bound."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.gpu import block_masks
from benchmarks.gpu.networks import llama
from benchmarks.gpu.prompts import item_prompts
from labeldist.models.prompt_tree import grow
from labeldist.models.transformers import plain, tree

Sequences = Sequence[Sequence[int]]
Row = dict[str, Any]
TOLERANCE = 1e-4  # in a logit, with float32
LONG, AT_ONCE = 512, 16  # the batch that tells the bound: long sequences, nothing padded
NODES, ROWS = (512, 1024, 2048, 4096), (1, 2, 4, 8)
BATCH_TOKENS = (8192, 32_768)
ALONE = 24  # prompts that are asked one at a time; the others would take as long


@dataclass(frozen=True, slots=True)
class Settings:
    """``sizes`` of networks, ``items`` of 144 prompts each, and the kinds of ``attention``."""

    sizes: tuple[str, ...]
    device: str
    items: int
    attention: tuple[str, ...]


@dataclass
class Clock:
    """How long there is, in seconds from now."""

    seconds: float
    begun: float = field(default_factory=time.monotonic)

    def over(self) -> bool:
        return time.monotonic() - self.begun > self.seconds


def measured(settings: Settings, clock: Clock) -> Iterator[Row]:
    """A row for each measurement, until the time is over; a kind of attention that fails is a row that says why."""
    yield _machine(settings.device)
    for attention in settings.attention:
        if not clock.over():
            yield _tried({"what": "exact", "attention": attention}, lambda how=attention: _exact(settings, how))
    for size in settings.sizes:
        for attention in settings.attention:
            if not clock.over():
                yield from _speeds(settings, size, attention, clock)
                _free(settings.device)
    if clock.over():
        yield {"what": "stopped", "why": f"the {clock.seconds:.0f} s were over"}


def _machine(device: str) -> Row:
    import torch
    import transformers

    name = torch.cuda.get_device_name() if device.startswith("cuda") else "CPU"
    return {
        "what": "machine", "device": name, "torch": torch.__version__, "transformers": transformers.__version__
    }  # fmt: skip


def _exact(settings: Settings, attention: str) -> Row:
    """The tree in float32 on a small network against one prompt at a time."""
    import torch

    model = llama("tiny", settings.device, "float32", attention)
    reference = llama("tiny", settings.device, "float32", "eager")
    reference.load_state_dict(model.state_dict())
    sequences = item_prompts(0, model.config.vocab_size)[::4]
    worst, spread = 0.0, 0.0
    with torch.inference_mode():
        for rows in (1, 3):
            for members, logits in _ways(attention)(model, sequences, 512, rows):
                for member, row in zip(members, logits, strict=True):
                    alone = plain.logits_at_ends(reference, [sequences[int(member)]])[0]
                    worst = max(worst, float((row - alone).abs().max()))
                    spread = float(alone.std())
    return {"exact": worst <= TOLERANCE, "largest difference": worst, "spread of the logits": spread}


def _speeds(settings: Settings, size: str, attention: str, clock: Clock) -> Iterator[Row]:
    import torch

    try:
        model = llama(size, settings.device, "bfloat16" if settings.device != "cpu" else "float32", attention)
    except torch.OutOfMemoryError as error:
        yield {"what": "failed", "size": size, "attention": attention, "why": str(error).splitlines()[0]}
        return
    items = [item_prompts(number, model.config.vocab_size) for number in range(settings.items)]
    sequences = [sequence for item in items for sequence in item]
    nodes = sum(len(grow(item).ids) for item in items)
    known: Row = {"size": size, "attention": attention, "tokens": sum(map(len, sequences)), "nodes": nodes}
    plans = _plain_plans(model, sequences) if attention == "sdpa" else []
    plans += [
        (
            {"what": "tree", "pass": most, "rows": rows, "prompts": len(sequences)},
            lambda most=most, rows=rows: _all_trees(_ways(attention), model, items, most, rows),
        )
        for most in NODES
        for rows in ROWS
        if most * rows <= max(BATCH_TOKENS) and rows <= len(items)
    ]
    with torch.inference_mode():
        for labels, act in plans:
            if clock.over():
                return
            yield _tried({**known, **labels}, lambda act=act: {"seconds": _seconds(act, settings.device)})


def _free(device: str) -> None:
    """Give back what the last network took."""
    import gc

    import torch

    gc.collect()
    if device.startswith("cuda"):
        torch.cuda.empty_cache()


def _plain_plans(model: Any, sequences: Sequences) -> list[tuple[Row, Callable[[], None]]]:
    """One prompt at a time, padded batches, and the bound: tokens in the largest products, none of them shared."""
    import torch

    text = [token for sequence in sequences for token in sequence][: LONG * AT_ONCE]
    ids = torch.tensor(text[: len(text) // LONG * LONG], device=model.device).view(-1, LONG)
    some = sequences[:: max(1, len(sequences) // ALONE)][:ALONE]

    def batches(most: int) -> None:
        for batch in plain.batches([len(sequence) for sequence in sequences], most):
            _read(plain.logits_at_ends(model, [sequences[at] for at in batch]))

    return [
        (
            {"what": "bound", "tokens": ids.numel()},
            lambda: _read(model(input_ids=ids, use_cache=False, logits_to_keep=1).logits),
        ),
        (
            {"what": "alone", "prompts": len(some), "tokens": sum(map(len, some))},
            lambda: [_read(plain.logits_at_ends(model, [sequence])) for sequence in some] and None,
        ),
        *(
            ({"what": "batches", "batch tokens": most, "prompts": len(sequences)}, lambda most=most: batches(most))
            for most in BATCH_TOKENS
        ),
    ]


def _ways(attention: str) -> Callable[..., Iterator[tuple[Any, Any]]]:
    return block_masks.last_logits if attention == "flex_attention" else tree.last_logits


def _all_trees(ways: Callable[..., Any], model: Any, items: Sequence[Sequences], most: int, rows: int) -> None:
    """As a run asks: some items at a time, here as many as there are rows."""
    for start in range(0, len(items), rows):
        together = [sequence for item in items[start : start + rows] for sequence in item]
        for _, logits in ways(model, together, most, rows):
            _read(logits)


def _read(logits: Any) -> None:
    logits.float().logsumexp(-1).cpu()


def _seconds(act: Callable[[], None], device: str) -> float:
    """Of the second time: the first compiles and fills caches."""
    import torch

    for _ in range(2):
        begun = time.perf_counter()
        act()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        taken = time.perf_counter() - begun
    return taken


def _tried(labels: Row, act: Callable[[], Row]) -> Row:
    """What ``act`` found, or why it failed: out of memory with dense masks, a kernel that does not compile."""
    try:
        return {**labels, **act()}
    except Exception as error:
        return {**labels, "failed": f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"}
