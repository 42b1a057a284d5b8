"""Turns pairs into training examples of the three kinds: plain judging, judging with comments, listing explanations."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tokenizers import Tokenizer

from training import prompts
from training.data import Pair, normalise
from training.settings import CONTEXT_LENGTH, LABELS, WORDS
from training.tokenizer import EOS_ID

# How many votes the pair's own answers have beside one vote per comment.
OWN_VOTES = 2.0
# Two explanations that share more than this of their words (Jaccard) do not both enter a list.
ALIKE = 0.7
SHARE_EXPLICIT = 0.1

T = TypeVar("T", "Judgment", "Listing")


@dataclass
class Judgment:
    """A judging prompt with the wanted distribution over LABELS."""

    opening: str
    rest: str
    target: tuple[float, ...]
    ids: list[int] | None = None


@dataclass
class Listing:
    """A prompt that asks for explanations, with the wanted list. `ends` is False where more items would be welcome."""

    opening: str
    rest: str
    answer: str
    ends: bool
    ids: list[int] | None = None
    prompt_length: int = 0


def plain(pair: Pair, rng: random.Random) -> Judgment:
    """The question without comments."""
    rest = prompts.judge_rest(pair.premise, pair.hypothesis, _options(rng))
    return Judgment(prompts.JUDGE_OPENING, rest, _target(pair, ()))


def explained(pair: Pair, rng: random.Random) -> Judgment:
    """The question with 1-4 comments, whose labels are votes in the target."""
    number = rng.randint(1, 4)
    available = [label for label in LABELS if label in pair.machine or (label == pair.label and pair.human)]
    if rng.random() < 0.35:
        # All for one label: gold, or any. So the model sees that comments can outvote what it thinks of the pair.
        labels = [pair.label if rng.random() < 0.4 else rng.choice(available)] * number
    else:
        weights = [rng.expovariate(1.0) for _ in available]
        labels = rng.choices(available, weights, k=number)
    labels = [label if label in available else available[0] for label in labels]
    return judgment_with(pair, labels, rng, explicit=rng.random() < SHARE_EXPLICIT)


def judgment_with(pair: Pair, labels: Sequence[str], rng: random.Random, *, explicit: bool = False) -> Judgment:
    """The question with one comment for each of `labels`, in this order; an exhausted label repeats its first text."""
    pools: dict[str, list[str]] = {}
    for label in dict.fromkeys(labels):  # not a set: its order differs from process to process
        human = list(pair.human) if label == pair.label else []
        rng.shuffle(human)
        machine = [pair.machine[label]] if label in pair.machine else []
        # Humans explained only gold labels: putting the machine's text first half of the time keeps style from
        # giving the label away.
        pools[label] = machine + human if rng.random() < 0.5 else human + machine
    used = dict.fromkeys(pools, 0)
    comments = []
    for number, label in enumerate(labels, start=1):
        pool = pools[label]
        text = pool[used[label]] if used[label] < len(pool) else pool[0]
        used[label] += 1
        comments.append(prompts.comment(number, text, label if explicit else None))
    rest = prompts.judge_rest(pair.premise, pair.hypothesis, _options(rng), comments)
    return Judgment(prompts.JUDGE_EXPLAINED_OPENING, rest, _target(pair, labels))


def listing(pair: Pair, label: str, rng: random.Random) -> Listing | None:
    """The request for explanations of `label`, or None where the source has none."""
    texts = [pair.machine[label]] if label in pair.machine else []
    if label == pair.label:
        texts = list(pair.human) + (texts if rng.random() < 0.7 else [])
    if not texts:
        return None
    rng.shuffle(texts)
    texts = _different(texts)
    answer = "\n".join(f"* {text}" for text in texts)
    rest = prompts.explain_rest(pair.premise, pair.hypothesis)
    # For other labels the source has one explanation only. Its list must not teach that lists end after one item.
    return Listing(prompts.explain_opening(label), rest, answer, ends=len(texts) > 1)


def batches(
    make: Callable[[random.Random], T | None], size: int, tokenizer: Tokenizer, rng: random.Random
) -> Iterator[list[T]]:
    """Endless batches of examples of one opening and similar length."""
    while True:
        groups: dict[str, list[T]] = {}
        for _ in range(size * 24):
            example = make(rng)
            if example is not None:
                groups.setdefault(example.opening, []).append(example)
        ready: list[list[T]] = []
        for group in groups.values():
            fill_ids(group, tokenizer)
            group = [example for example in group if example.ids and len(example.ids) < CONTEXT_LENGTH - 80]
            # Full batches only; what is left out is random, as the group is not yet sorted.
            del group[len(group) - len(group) % size :]
            group.sort(key=lambda example: len(example.ids or ()))
            ready += [group[at : at + size] for at in range(0, len(group), size)]
        rng.shuffle(ready)
        yield from ready


def fill_ids(examples: Sequence[Judgment] | Sequence[Listing], tokenizer: Tokenizer) -> None:
    """Tokenise what follows the opening (and the answer of listings); the opening is tokenised once elsewhere."""
    rests = tokenizer.encode_batch_fast([example.rest for example in examples], add_special_tokens=False)
    for at, encoded in enumerate(rests):
        examples[at].ids = list(encoded.ids)
    listings = [example for example in examples if isinstance(example, Listing)]
    answers = tokenizer.encode_batch_fast([example.answer for example in listings], add_special_tokens=False)
    for one, encoded in zip(listings, answers, strict=True):
        assert one.ids is not None
        one.prompt_length = len(one.ids)
        one.ids = [*one.ids, *encoded.ids, *([EOS_ID] if one.ends else [])]


def _options(rng: random.Random) -> list[str]:
    words = list(WORDS.values())
    rng.shuffle(words)
    return words


def _target(pair: Pair, votes: Sequence[str]) -> tuple[float, ...]:
    total = OWN_VOTES + len(votes)
    shares = zip(LABELS, pair.answers, strict=True)
    return tuple((OWN_VOTES * share + list(votes).count(label)) / total for label, share in shares)


def _different(texts: Sequence[str]) -> list[str]:
    kept: list[tuple[str, set[str]]] = []
    for text in texts:
        words = set(normalise(text).split())
        if all(len(words & other) <= ALIKE * len(words | other) for _, other in kept):
            kept.append((text, words))
    return [text for text, _ in kept]
