"""Chooses the temperature of the answer distribution on the dev part: the `softmax:T` that `model.json` names.

python -m training.calibrate
"""

from __future__ import annotations

import json
import random

import numpy as np
import torch
from numpy.typing import NDArray

from training import data, examples
from training.losses import answer_logits
from training.network import Network
from training.settings import CACHE, LABELS, SEED
from training.train import load_tokenizer

GRID = [round(0.7 + 0.05 * step, 2) for step in range(27)]  # 0.7 to 2.0


def negative_log_likelihood(logits: NDArray[np.float64], gold: NDArray[np.int64], temperature: float) -> float:
    """Mean of minus the logarithm of the gold label's probability."""
    scaled = logits / temperature
    total = np.log(np.exp(scaled - scaled.max(1, keepdims=True)).sum(1)) + scaled.max(1)
    return float((total - scaled[np.arange(len(gold)), gold]).mean())


def main() -> None:
    """Find the temperature with the lowest mean of the SNLI and the MNLI dev pairs' likelihood; write it."""
    tokenizer = load_tokenizer()
    network = Network()
    network.load_state_dict(torch.load(CACHE / "checkpoint.pt", weights_only=True)["network"])
    rng = random.Random(SEED)
    parts = []
    for mnli in (False, True):
        pairs = sorted(
            (pair for pair in data.load().dev if (pair.source == "mnli") == mnli), key=lambda p: len(p.premise)
        )
        rows = []
        with torch.no_grad():
            for at in range(0, len(pairs), 64):
                batch = [examples.plain(pair, rng) for pair in pairs[at : at + 64]]
                examples.fill_ids(batch, tokenizer)
                rows.append(answer_logits(network, network.all_words(), batch, tokenizer)[0].double().numpy())
        parts.append((np.concatenate(rows), np.array([LABELS.index(pair.label) for pair in pairs])))
    losses = {t: float(np.mean([negative_log_likelihood(*part, t) for part in parts])) for t in GRID}
    best = min(losses, key=lambda t: losses[t])
    content = {"temperature": best, "nll": losses[best], "nll at 1": losses[1.0], "pairs": [len(p[1]) for p in parts]}
    (CACHE / "temperature.json").write_text(json.dumps(content, indent=1) + "\n")
    print(json.dumps(content))


if __name__ == "__main__":
    main()
