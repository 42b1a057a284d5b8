"""Chooses the temperature of the answer distribution on the dev part: the `softmax:T` that `model.json` names.

python -m training.calibrate
"""

from __future__ import annotations

import json
import random

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from training import data, examples
from training.data import Pair
from training.losses import answer_logits
from training.network import Network
from training.settings import CACHE, FINAL, LABELS, SEED
from training.train import load_tokenizer, shares

GRID = [round(0.7 + 0.05 * step, 2) for step in range(47)]  # 0.7 to 3.0


def negative_log_likelihood(logits: NDArray[np.float64], target: NDArray[np.float64], temperature: float) -> float:
    """Mean cross-entropy of the target distributions."""
    scaled = logits / temperature
    total = np.log(np.exp(scaled - scaled.max(1, keepdims=True)).sum(1)) + scaled.max(1)
    return float((total - (target * scaled).sum(1)).mean())


def answers(network: Network, pairs: list[Pair], tokenizer: Tokenizer) -> NDArray[np.float64]:
    """Logits of the answer words (n, labels), without explanations."""
    rng = random.Random(SEED)
    rows = []
    with torch.no_grad():
        for at in range(0, len(pairs), 64):
            batch = [examples.plain(pair, rng) for pair in pairs[at : at + 64]]
            examples.fill_ids(batch, tokenizer)
            rows.append(answer_logits(network, network.all_words(), batch, tokenizer)[0].double().numpy())
    return np.concatenate(rows)


def main() -> None:
    """Find the temperature with the lowest mean cross-entropy of the two groups; write it.

    The groups: pairs with labels of five annotators, whose distribution is the target, and MNLI pairs, other texts than
    captions, whose target is the gold label. SNLI's gold labels alone would ask for more certainty than they have.
    """
    tokenizer = load_tokenizer()
    network = Network()
    network.load_state_dict(torch.load(FINAL, weights_only=True)["network"])
    dev = data.load().dev
    voted = sorted((pair for pair in dev if pair.votes), key=lambda pair: len(pair.premise))
    other = sorted((pair for pair in dev if pair.source == "mnli"), key=lambda pair: len(pair.premise))
    targets = ([shares(pair.votes) for pair in voted], [[label == pair.label for label in LABELS] for pair in other])
    parts = [
        (answers(network, pairs, tokenizer), np.array(target, dtype=np.float64))
        for pairs, target in zip((voted, other), targets, strict=True)
    ]
    losses = {t: float(np.mean([negative_log_likelihood(*part, t) for part in parts])) for t in GRID}
    best = min(losses, key=lambda t: losses[t])
    content = {"temperature": best, "nll": losses[best], "nll at 1": losses[1.0], "pairs": [len(p[1]) for p in parts]}
    (CACHE / "temperature.json").write_text(json.dumps(content, indent=1) + "\n")
    print(json.dumps(content))


if __name__ == "__main__":
    main()
