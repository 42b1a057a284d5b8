"""Trains the network, phase after phase; writes a checkpoint every few minutes and goes on from the last one.

python -m training.train                 # both phases, from the published encoder
python -m training.train --from-package  # the last phase alone, from the packaged weights
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from training import convert, data, examples, read_graph, tokenizer
from training.data import Pair
from training.device import device
from training.examples import Judgment, Listing
from training.losses import answer_logits, judging_loss, listing_loss, words_for
from training.network import Network
from training.phases import PHASES, Phase
from training.settings import CACHE, LABELS, PACKAGE, SEED

DROP = 0.08
CHECKPOINT_SECONDS = 240.0
REPORT_STEPS = 50

Batches = tuple[list[Judgment], list[Judgment], list[Listing]]


@dataclass
class State:
    """What a checkpoint keeps: where the training is. Seconds and steps are those of the phase."""

    network: Network
    optimizer: torch.optim.Optimizer
    phase: int = 0
    step: int = 0
    seconds: float = 0.0

    def save(self, path: Path) -> None:
        """Write a checkpoint so that a kill leaves either the old or the new one."""
        content: dict[str, Any] = {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}
        part = path.with_suffix(".part")
        torch.save({**content, "phase": self.phase, "step": self.step, "seconds": self.seconds}, part)
        part.replace(path)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint."""
        content = torch.load(path, weights_only=True, map_location=device())
        self.network.load_state_dict(content["network"])
        self.optimizer.load_state_dict(content["optimizer"])
        self.phase, self.step, self.seconds = content["phase"], content["step"], content["seconds"]


def encoder_network() -> Network:
    """The network with the published encoder's weights."""
    network = Network()
    convert.from_encoder(network, load_file(tokenizer.base_folder() / "model.safetensors"))
    return network


def packaged_network() -> Network:
    """The network with the packaged weights."""
    network = Network()
    weights = read_graph.read(PACKAGE / "model.onnx")
    convert.from_transformers(network, {name: torch.tensor(array) for name, array in weights.items()})
    return network


def optimizer_of(network: Network) -> torch.optim.Optimizer:
    """AdamW; no decay of biases and normalisations."""
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=PHASES[0].peak_rate, betas=(0.9, 0.98), fused=True)


def load_tokenizer() -> Tokenizer:
    """The tokenizer that the training writes into its cache."""
    tokenizer.write(CACHE, for_transformers=True)
    return Tokenizer.from_file(str(CACHE / "tokenizer.json"))


def shares(votes: Sequence[int] | None) -> list[float]:
    """The annotators' labels as a distribution."""
    counts = votes or ()
    return [count / sum(counts) for count in counts]


def check(network: Network, pairs: list[Pair], tok: Tokenizer) -> dict[str, float]:
    """Small fixed measurement on dev pairs, without autocast."""
    rng = random.Random(1)
    chosen = rng.sample([pair for pair in pairs if pair.source != "mnli"], 300)
    mnli = rng.sample([pair for pair in pairs if pair.source == "mnli"], 150)
    voted = [pair for pair in pairs if pair.votes]
    result: dict[str, float] = {}
    with torch.no_grad():
        words = network.all_words()
        for name, group in (("snli", chosen), ("mnli", mnli), ("votes", voted)):
            batch = [examples.plain(pair, rng) for pair in group]
            examples.fill_ids(batch, tok)
            logits, total = answer_logits(network, words, batch, tok)
            gold = torch.tensor([LABELS.index(pair.label) for pair in group])
            result[f"{name} accuracy"] = float((logits.argmax(-1) == gold).float().mean())
            target = torch.tensor([shares(pair.votes) for pair in group]) if name == "votes" else gold
            result[f"{name} nll"] = float(torch.nn.functional.cross_entropy(logits, target))
            result[f"{name} mass"] = float((logits.logsumexp(-1) - total).exp().mean())
        with_all = [pair for pair in chosen if len(pair.machine) == 3][:150]
        base = [examples.plain(pair, random.Random(2)) for pair in with_all]
        examples.fill_ids(base, tok)
        before = answer_logits(network, words, base, tok)[0].softmax(-1)
        for at, label in enumerate(LABELS):
            batch = [examples.judgment_with(pair, [label], random.Random(2)) for pair in with_all]
            examples.fill_ids(batch, tok)
            after = answer_logits(network, words, batch, tok)[0].softmax(-1)
            result[f"one {label} comment moves p by"] = float((after - before)[:, at].mean())
        losses = []
        for label in LABELS:
            lists = [item for pair in chosen[:60] if (item := examples.listing(pair, label, rng))]
            examples.fill_ids(lists, tok)
            losses.append(float(listing_loss(network, words, lists, tok)))
        result["listing nll"] = sum(losses) / len(losses)
    return {name: round(value, 4) for name, value in result.items()}


def batches(phase: Phase, pairs: Sequence[Pair], tok: Tokenizer, rng: random.Random) -> Iterator[Batches]:
    """Endless batches of the three kinds."""
    with_explanations = [pair for pair in pairs if pair.source == "snli_explained" and pair.machine]
    # The few MNLI pairs count three times: they are the only ones that are not captions of photographs. So do the
    # pairs with annotators' labels, whose targets are known rather than usual.
    judged = [*pairs, *2 * [pair for pair in pairs if pair.source == "mnli" or pair.votes]]
    plain = examples.batches(lambda r: examples.plain(r.choice(judged), r), phase.plain, tok, rng)
    explained = examples.batches(
        lambda r: examples.explained(r.choice(with_explanations), r), phase.explained, tok, rng
    )
    listing = examples.batches(
        lambda r: examples.listing(r.choice(with_explanations), r.choice(LABELS), r), phase.listing, tok, rng
    )
    yield from zip(plain, explained, listing, strict=False)


def learn(state: State, three: Batches, tok: Tokenizer) -> list[float]:
    """One step; the losses of the three kinds."""
    with torch.autocast(device().type, dtype=torch.bfloat16):
        words = words_for(state.network, three, tok)
        losses = [
            judging_loss(state.network, words, three[0], tok, DROP),
            judging_loss(state.network, words, three[1], tok, DROP),
            listing_loss(state.network, words, three[2], tok, DROP),
        ]
    torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
    state.network.collect(words)
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), 1.0)
    state.optimizer.step()
    state.optimizer.zero_grad(set_to_none=False)
    return [float(loss.detach()) for loss in losses]


def run_phase(state: State, phase: Phase, corpus: data.Corpus, tok: Tokenizer, steps: int | None) -> None:
    """Train until the phase's minutes (or `steps`) are over, with a checkpoint every few minutes."""
    seed = SEED + 1_000_000 * state.phase + state.step
    torch.manual_seed(seed)
    supply = batches(phase, corpus.train, tok, random.Random(seed))
    last_save, sums, tokens, since = time.monotonic(), [0.0, 0.0, 0.0], 0, 0
    finished = False
    while not finished:
        begun = time.monotonic()
        progress = state.step / steps if steps else state.seconds / (60.0 * phase.minutes)
        for group in state.optimizer.param_groups:
            group["lr"] = phase.rate(progress)
        three = next(supply)
        sums = [total + loss for total, loss in zip(sums, learn(state, three, tok), strict=True)]
        tokens += sum(len(example.ids or ()) for batch in three for example in batch)
        state.step += 1
        since += 1
        state.seconds += time.monotonic() - begun
        finished = state.step >= steps if steps else state.seconds >= 60.0 * phase.minutes
        if state.step % REPORT_STEPS == 0:
            means = [round(value / since, 4) for value in sums]
            line = {"phase": phase.name, "step": state.step, "seconds": round(state.seconds), "tokens": tokens}
            print(json.dumps(line | {"losses": means}), flush=True)
            sums, tokens, since = [0.0, 0.0, 0.0], 0, 0
        if finished or time.monotonic() - last_save > CHECKPOINT_SECONDS:
            measured = check(state.network, corpus.dev, tok)
            line = {"phase": phase.name, "step": state.step, "seconds": round(state.seconds)}
            with (CACHE / "train.jsonl").open("a") as lines:
                lines.write(json.dumps(line | measured) + "\n")
            print(json.dumps(measured), flush=True)
            state.save(CACHE / "checkpoint.pt")
            last_save = time.monotonic()
    keep(state.network, phase)


def keep(network: Network, phase: Phase) -> None:
    """Write the weights with which a phase ends; `training.average` reads those of all phases."""
    torch.save({"network": network.state_dict()}, phase_file(phase))


def phase_file(phase: Phase) -> Path:
    """Where the weights with which a phase ends are kept."""
    return CACHE / f"phase-{phase.name}.pt"


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, help="steps per phase instead of its minutes (for a repeatable training)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--from-package", action="store_true", help="only the last phase, from the packaged weights")
    parser.add_argument("--fresh", action="store_true", help="ignore an existing checkpoint")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.set_default_device(device())
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / "checkpoint.pt"
    tok = load_tokenizer()
    corpus = data.load()
    network = packaged_network() if options.from_package else encoder_network()
    state = State(network, optimizer_of(network), phase=len(PHASES) - 1 if options.from_package else 0)
    if path.exists() and not options.fresh:
        state.restore(path)
    else:
        (CACHE / "train.jsonl").unlink(missing_ok=True)
        if options.from_package:
            keep(network, PHASES[0])
    for number in range(state.phase, len(PHASES)):
        if number != state.phase:
            state = State(state.network, optimizer_of(state.network), phase=number)
        run_phase(state, PHASES[number], corpus, tok, options.steps)


if __name__ == "__main__":
    main()
