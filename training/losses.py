"""The losses of one batch of each kind."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from training.examples import Judgment, Listing
from training.network import Network, Vocabulary
from training.settings import LABELS, WORDS
from training.tokenizer import PAD_ID

# Vocabulary entries per step: those that it uses, and random ones that stand for all others. A constant, like the
# rounded sizes below, because every new shape of a matrix product costs its preparation.
ENTRIES = 7168


def word_ids(tokenizer: Tokenizer) -> list[int]:
    """Token ids of the answer words, in the order of LABELS."""
    return [tokenizer.encode(WORDS[label], add_special_tokens=False).ids[0] for label in LABELS]


def opening_ids(text: str, tokenizer: Tokenizer) -> Tensor:
    """Ids of a prompt's constant beginning, with the beginning-of-sequence token."""
    return torch.tensor(tokenizer.encode(text).ids)


def words_for(network: Network, batches: Sequence[Sequence[Judgment | Listing]], tokenizer: Tokenizer) -> Vocabulary:
    """The part of the vocabulary that these batches need, with a random sample of the rest."""
    used = set(word_ids(tokenizer)) | {PAD_ID}
    for batch in batches:
        used.update(tokenizer.encode(batch[0].opening).ids)
        for example in batch:
            used.update(example.ids or ())
    return network.some_words(torch.tensor(sorted(used)), max(ENTRIES, len(used) + 1024))


def padded(examples: Sequence[Judgment] | Sequence[Listing]) -> tuple[Tensor, Tensor]:
    """(ids padded at the end, lengths)."""
    rows = [torch.tensor(example.ids) for example in examples]
    longest = max(len(row) for row in rows)
    ids = torch.full((len(rows), longest + -longest % 8), PAD_ID)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
    return ids, torch.tensor([len(row) for row in rows])


def answer_logits(
    network: Network, words: Vocabulary, batch: Sequence[Judgment], tokenizer: Tokenizer, drop: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Logits (batch, labels) of the answer words and the logarithm of the total over the vocabulary (batch,)."""
    past = network.opening(opening_ids(batch[0].opening, tokenizer), words, drop)
    ids, lengths = padded(batch)
    hidden = network.after(ids, words, past, drop)
    last = hidden[torch.arange(len(batch)), lengths - 1]
    logits = network.logits(last, words)
    return logits[:, words.place[word_ids(tokenizer)]], logits.logsumexp(-1)


def judging_loss(
    network: Network, words: Vocabulary, batch: Sequence[Judgment], tokenizer: Tokenizer, drop: float = 0.0
) -> Tensor:
    """Cross-entropy of the soft target over the whole vocabulary.

    It is the sum of the cross-entropy over the answer words and of minus the logarithm of their joint probability, so
    it also brings the words' mass before renormalising near one.
    """
    logits, log_total = answer_logits(network, words, batch, tokenizer, drop)
    target = torch.tensor([example.target for example in batch])
    return -(target * (logits - log_total[:, None])).sum(-1).mean()


def listing_loss(
    network: Network, words: Vocabulary, batch: Sequence[Listing], tokenizer: Tokenizer, drop: float = 0.0
) -> Tensor:
    """Mean cross-entropy of the tokens of the lists."""
    past = network.opening(opening_ids(batch[0].opening, tokenizer), words, drop)
    ids, lengths = padded(batch)
    hidden = network.after(ids, words, past, drop)
    place = torch.arange(1, ids.shape[1])[None, :]
    starts = torch.tensor([example.prompt_length for example in batch])
    wanted = (place >= starts[:, None]) & (place < lengths[:, None])
    rows, targets = hidden[:, :-1][wanted], words.place[ids[:, 1:][wanted]]
    filling = -len(targets) % 64
    rows, targets = functional.pad(rows, (0, 0, 0, filling)), functional.pad(targets, (0, filling), value=-100)
    return functional.cross_entropy(network.logits(rows, words), targets)
