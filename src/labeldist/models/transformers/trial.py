"""Finds out what a model can compute by trying it on a few prompts: no list of names would stay right.

Whether it takes prompts as a tree, and whether it writes the same behind padding. What it should compute comes from
plain passes over one prompt at a time. In 16 bits these move with the shape of a batch, too, so a difference counts
against the model's own: that between prompts alone and the same prompts padded in one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, cycle, islice, permutations
from typing import Any

from labeldist.models.transformers import plain, tree
from labeldist.models.transformers.failures import reason

# Of the spread (standard deviation) of a prompt's logits. What a model computes otherwise shows at a hundredth and
# more, rounding in 32 bits at 1e-6.
EXACT = 1e-4
# In 16 bits, likewise: so much is never told apart from rounding; above it, so many times the model's own rounding, as
# long as that is far from what a wrong mask or position does (.85 and more).
ROUNDED, TIMES, MOST = 0.05, 3.0, 0.3
NODES = 520
COMPARED = 5

# Real words: tokens strung together at random bring a model to where rounding grows large.
OPENING = "Two people read one short text and say what it tells them. Here is why they do not always agree.\n"
REASONS = (
    "The first says that nothing of the kind was seen.\n",
    "Another holds that both speak of the same day.\n",
    "One more adds that it may well be true.\n",
    "The last asks who could have known about it.\n",
)


def prompts(encode: Callable[[str], Sequence[int]], longest: int, *, beyond: int = 0) -> list[list[int]]:
    """24 token sequences that begin alike: an opening, and four reasons in every order.

    Shorter than ``longest`` tokens, and longer than ``beyond`` where that leaves room. The tree has passes as large as
    real ones, so that a window over places in a pass shows, and two of them, so that the cache is used.
    """
    opening, *reasons = (list(encode(text)) for text in (OPENING, *REASONS))
    most = (longest - 1) // (2 + len(reasons))
    reasons = [part[-most:] for part in reasons]
    ends = sum(map(len, reasons))
    size = min(len(opening), 2 * most)
    if beyond:
        size = max(size, min(beyond + ends // 2, longest - 1) - ends)
    opening = list(islice(cycle(opening), size))
    return sorted([*opening, *chain.from_iterable(order)] for order in permutations(reasons))


def why_no_tree(model: Any, sequences: Sequence[Sequence[int]]) -> str | None:
    """Why the model's logits of the prompt tree of ``sequences`` are not those of the prompts; None where they are.

    Raises what the model raises on plain prompts.
    """
    import torch

    compared = range(0, len(sequences), -(-len(sequences) // COMPARED))
    with torch.inference_mode():
        alone, padded = _plain(model, [sequences[at] for at in compared])
        try:
            found = {
                int(member): row
                for members, logits in tree.last_logits(model, sequences, NODES)
                for member, row in zip(members, logits, strict=True)
                if member in compared
            }
        except torch.OutOfMemoryError:  # says nothing of the model
            raise
        except Exception as error:  # each architecture has its own way to refuse a mask, positions or a cache
            return f"it fails with {type(error).__name__}: {reason(error)}"
        return _why(model, _differences([found[at] for at in compared], alone), _differences(padded, alone))


def why_no_padding(model: Any, sequences: Sequence[Sequence[int]], special: dict[str, Any]) -> str | None:
    """Why the model does not go on behind padding on the left as it does without; None where it does.

    Two tokens of each text are compared: the second is computed from the cache, at a position of its own. ``special``:
    the tokens that generation needs to know. Raises what the model raises on plain prompts.
    """
    import torch

    # Of very different lengths, so that most of the shorter ones is padding.
    rows = [list(sequences[0][: max(1, len(sequences[0]) * part // 4)]) for part in (4, 3, 2, 1)]
    with torch.inference_mode():
        alone, padded = _plain(model, rows)
        apart = [_steps(model, [row], special) for row in rows]
        try:
            together = _steps(model, rows, special)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:
            return f"it fails with {type(error).__name__}: {reason(error)}"
    expected, found = [], []
    for at, (tokens, first, second) in enumerate(apart):
        expected.append(first[0])
        found.append(together[1][at])
        if together[0][at] == tokens[0]:
            expected.append(second[0])
            found.append(together[2][at])
    return _why(model, _differences(found, expected), _differences(padded, alone))


def _steps(model: Any, rows: Sequence[Sequence[int]], special: dict[str, Any]) -> tuple[list[int], Any, Any]:
    """The likeliest next token of each row, and the logits (b, vocabulary) before and behind it."""
    config = type(model.generation_config)(
        max_new_tokens=2, min_new_tokens=2, output_logits=True, return_dict_in_generate=True, **special
    )
    ids, mask = plain.left_padded(rows, model.device)
    made = model.generate(ids, attention_mask=mask, generation_config=config)
    return made.sequences[:, -2].tolist(), *made.logits


def _plain(model: Any, sequences: Sequence[Sequence[int]]) -> tuple[list[Any], list[Any]]:
    """The logits at the ends of the sequences: of each alone, and of all padded in one batch."""
    alone = [plain.logits_at_ends(model, [sequence])[0] for sequence in sequences]
    # One that is longer, so that there is padding, which takes another way through attention.
    longer = [*sequences[0], sequences[0][-1]]
    return alone, list(plain.logits_at_ends(model, [*sequences, longer])[:-1])


def _differences(found: Sequence[Any], expected: Sequence[Any]) -> list[float]:
    """The root mean square differences of logits, of their spread."""
    pairs = [(one.float(), other.float()) for one, other in zip(found, expected, strict=True)]
    return [float((one - other).square().mean().sqrt() / other.std()) for one, other in pairs]


def _why(model: Any, differences: Sequence[float], own: Sequence[float]) -> str | None:
    import torch

    most = EXACT if torch.finfo(model.dtype).bits == 32 else min(MOST, max(ROUNDED, TIMES * max(own)))
    if all(difference <= most for difference in differences):  # which nan is not
        return None
    return f"logits come out different by {max(differences):.2g} of their spread"
