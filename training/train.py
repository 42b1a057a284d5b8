"""Trains the network; writes a checkpoint every few minutes and goes on from the last one.

python -m training.train --minutes 60
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from training import convert, data, examples, tokenizer
from training.data import Pair
from training.losses import answer_logits, judging_loss, listing_loss, words_for
from training.network import Network
from training.settings import CACHE, LABELS, SEED

PEAK_RATE = 4e-4
WARM_UP = 0.03  # share of the training in which the learning rate rises
DROP = 0.08
SIZES = {"plain": 48, "explained": 24, "listing": 24}
CHECKPOINT_SECONDS = 240.0


def rate(progress: float) -> float:
    """Learning rate at a share of the training: a short linear rise, then a half cosine to nearly zero."""
    if progress < WARM_UP:
        return PEAK_RATE * max(progress, 0.0005) / WARM_UP
    done = min(1.0, (progress - WARM_UP) / (1.0 - WARM_UP))
    return PEAK_RATE * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * done)))


def initial_network() -> Network:
    """The network with the published encoder's weights."""
    network = Network()
    convert.from_encoder(network, load_file(tokenizer.base_folder() / "model.safetensors"))
    return network


def load_tokenizer() -> Tokenizer:
    """The tokenizer that the training writes into its cache."""
    tokenizer.write(CACHE, for_transformers=True)
    return Tokenizer.from_file(str(CACHE / "tokenizer.json"))


def check(network: Network, pairs: list[Pair], tok: Tokenizer) -> dict[str, float]:
    """Small fixed measurement on dev pairs, without autocast."""
    rng = random.Random(1)
    chosen = rng.sample([pair for pair in pairs if pair.source != "mnli"], 300)
    mnli = rng.sample([pair for pair in pairs if pair.source == "mnli"], 150)
    result: dict[str, float] = {}
    with torch.no_grad():
        words = network.all_words()
        for name, group in (("snli", chosen), ("mnli", mnli)):
            batch = [examples.plain(pair, rng) for pair in group]
            examples.fill_ids(batch, tok)
            logits, total = answer_logits(network, words, batch, tok)
            gold = torch.tensor([LABELS.index(pair.label) for pair in group])
            result[f"{name} accuracy"] = float((logits.argmax(-1) == gold).float().mean())
            result[f"{name} nll"] = float(torch.nn.functional.cross_entropy(logits, gold))
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


def save(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint so that a kill leaves either the old or the new one."""
    part = path.with_suffix(".part")
    torch.save(content, part)
    part.replace(path)


def main(arguments: list[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="training time, over all resumed runs")
    parser.add_argument("--steps", type=int, help="stop after so many steps instead (same result on any machine)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="ignore an existing checkpoint")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    CACHE.mkdir(parents=True, exist_ok=True)
    path, log = CACHE / "checkpoint.pt", CACHE / "train.jsonl"
    tok = load_tokenizer()
    corpus = data.load()
    network = initial_network()
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=PEAK_RATE, betas=(0.9, 0.98), fused=True)
    step, seconds = 0, 0.0
    if path.exists() and not options.fresh:
        state = torch.load(path, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        step, seconds = state["step"], state["seconds"]
    else:
        log.unlink(missing_ok=True)
    torch.manual_seed(SEED + step)
    rng = random.Random(SEED + step)
    with_explanations = [pair for pair in corpus.train if pair.source == "snli_explained" and pair.machine]
    # The few MNLI pairs count three times: they are the only ones that are not captions of photographs.
    judged = corpus.train + 2 * [pair for pair in corpus.train if pair.source == "mnli"]
    plain = examples.batches(lambda r: examples.plain(r.choice(judged), r), SIZES["plain"], tok, rng)
    explained = examples.batches(
        lambda r: examples.explained(r.choice(with_explanations), r), SIZES["explained"], tok, rng
    )
    listing = examples.batches(
        lambda r: examples.listing(r.choice(with_explanations), r.choice(LABELS), r), SIZES["listing"], tok, rng
    )
    last_save, sums, tokens, since = time.monotonic(), [0.0, 0.0, 0.0], 0, 0
    while True:
        begun = time.monotonic()
        progress = step / options.steps if options.steps else seconds / (60.0 * options.minutes)
        for group in optimizer.param_groups:
            group["lr"] = rate(progress)
        three = (next(plain), next(explained), next(listing))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            words = words_for(network, three, tok)
            losses = [
                judging_loss(network, words, three[0], tok, DROP),
                judging_loss(network, words, three[1], tok, DROP),
                listing_loss(network, words, three[2], tok, DROP),
            ]
        torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
        network.collect(words)
        sums = [total + float(loss.detach()) for total, loss in zip(sums, losses, strict=True)]
        tokens += sum(len(example.ids or ()) for batch in three for example in batch)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        step += 1
        since += 1
        seconds += time.monotonic() - begun
        finished = step >= options.steps if options.steps else seconds >= 60.0 * options.minutes
        if step % 50 == 0:
            means = [round(value / since, 4) for value in sums]
            line = {"step": step, "seconds": round(seconds), "tokens": tokens, "losses": means}
            print(json.dumps(line), flush=True)
            sums, tokens, since = [0.0, 0.0, 0.0], 0, 0
        if finished or time.monotonic() - last_save > CHECKPOINT_SECONDS:
            measured = check(network, corpus.dev, tok)
            with log.open("a") as lines:
                lines.write(json.dumps({"step": step, "seconds": round(seconds), **measured}) + "\n")
            print(json.dumps(measured), flush=True)
            content = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
            save(path, {**content, "step": step, "seconds": seconds})
            last_save = time.monotonic()
        if finished:
            break


if __name__ == "__main__":
    main()
