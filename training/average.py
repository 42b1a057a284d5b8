"""The weights of the model: the mean of those with which the phases ended (WiSE-FT, arXiv 2109.01903, section 3).

The lists of the second phase are better and its judging of other texts than captions is worse; the mean keeps most of
both. The dev check of some shares is written to see that.

python -m training.average [--share 0.5]
"""

from __future__ import annotations

import argparse
import json

import torch

from training import data
from training.network import Network
from training.phases import PHASES
from training.settings import CACHE, FINAL
from training.train import check, load_tokenizer, phase_file

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def mean(share: float) -> Network:
    """The network between the ends of the first (share 0) and the last phase (share 1)."""
    first, last = (torch.load(phase_file(phase), weights_only=True)["network"] for phase in (PHASES[0], PHASES[-1]))
    network = Network()
    network.load_state_dict({name: torch.lerp(first[name], last[name], share) for name in first})
    return network


def main(arguments: list[str] | None = None) -> None:
    """Check some shares on the dev part; write the weights of one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.5, help="share of the last phase")
    options = parser.parse_args(arguments)
    tokenizer, dev = load_tokenizer(), data.load().dev
    found = {}
    for share in sorted({*SHARES, options.share}):
        found[str(share)] = check(mean(share), dev, tokenizer)
        print(json.dumps({"share of the last phase": share} | found[str(share)]), flush=True)
    (CACHE / "average.json").write_text(json.dumps({"share": options.share, "dev": found}, indent=1) + "\n")
    torch.save({"network": mean(options.share).state_dict()}, FINAL)


if __name__ == "__main__":
    main()
