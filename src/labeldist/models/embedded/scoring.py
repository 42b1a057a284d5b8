"""Scores prompts through the prompt tree: each lane carries out the passes of its own part of the sequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from labeldist.models.embedded.session import HIDDEN, LANES, Cache, Floats, Ints, Session, in_lanes
from labeldist.models.prompt_tree import grow, passes

# Ends whose logits are computed together: for a few, reading the table of all tokens takes longer than the product.
ENDS_AT_ONCE = 64


def score(
    session: Session, sequences: Sequence[Sequence[int]], tokens: Ints, pass_tokens: int
) -> tuple[Floats, Floats]:
    """The logits (n, m) of ``tokens`` (n, m) behind the n sequences, and the log-sum-exp (n,) of all logits.

    ``pass_tokens``: nodes of the tree that are computed together.
    """
    logits = np.empty(tokens.shape, dtype=np.float32)
    totals = np.empty(len(sequences), dtype=np.float32)

    def work(part: Ints) -> None:
        for members, scores in _ends(session, [sequences[member] for member in part], pass_tokens):
            at = part[members]
            top = scores.max(axis=1)
            logits[at] = np.take_along_axis(scores, tokens[at], axis=1)
            totals[at] = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))

    in_lanes(work, parts(sequences, LANES))
    return logits, totals


def parts(sequences: Sequence[Sequence[int]], count: int) -> list[Ints]:
    """The indices of the sequences, cut into up to ``count`` parts whose trees have about the same number of nodes.

    What the sequences on both sides of a cut share is computed by both parts, so cuts are where that is little.

    >>> [part.tolist() for part in parts([[7, 1, 5], [7, 2, 5], [7, 2, 6], [7, 1, 6]], 2)]
    [[0, 3], [1, 2]]
    """
    if not sequences:
        return []
    tree = grow(sequences)
    whole = len(tree.ids)
    # Cuts are before sequences that have a node of their own: before its first one, nodes are `done`.
    places = 1 + np.flatnonzero(np.diff(tree.ends))
    done = tree.ends[places - 1] + 1
    cuts = []
    for part in range(1, count):
        longest = np.maximum(done / part, (whole - done + tree.depths[done]) / (count - part))
        cuts += [places[longest.argmin()]] if len(places) else []
    return [part for part in np.split(tree.members, sorted(cuts)) if len(part)]


def _ends(session: Session, sequences: Sequence[Sequence[int]], pass_tokens: int) -> Iterator[tuple[Ints, Floats]]:
    """Some of the sequences and their logits (s, vocabulary), until there were all."""
    cache: Cache = session.empty_cache()
    members, states = np.empty(0, dtype=np.int64), np.empty((0, session.width), dtype=np.float32)
    for one in passes(sequences, pass_tokens):
        members = np.concatenate([one.members, members])
        mask = np.where(one.mask, np.float32(0), HIDDEN)[:, None]
        # Behind the last pass nothing is kept. Where nothing is kept before it, logits come early, which is no harm.
        ready = len(members) >= ENDS_AT_ONCE or not one.keep.size
        wanted = np.arange(len(members) if ready else 0)
        computed = session.forward(one.ids, one.positions, mask, cache, one.ends[None], states, wanted)
        if ready:
            yield members, computed.logits
            members, states = members[:0], states[:0]
        else:
            states = np.concatenate([computed.hidden, states])
        cache = _kept(cache, computed.fresh, one.keep[0])


def _kept(cache: Cache, fresh: Cache, keep: Ints) -> Cache:
    """The positions ``keep`` of the cache and, behind it, the new keys and values."""
    before = cache[0][0].shape[2]
    old, new = keep[keep < before], keep[keep >= before] - before

    def kept(cached: Floats, own: Floats) -> Floats:
        return np.concatenate([cached.take(old, axis=2), own.take(new, axis=2)], axis=2)

    return [
        (kept(key, own_key), kept(value, own_value))
        for (key, value), (own_key, own_value) in zip(cache, fresh, strict=True)
    ]
