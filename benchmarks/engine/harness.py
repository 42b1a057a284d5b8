"""Run by the Python of another environment: lm-evaluation-harness asked for the letters behind prompts.

A line of JSON with ``prompts`` in, a line with the log-probabilities of the three letters and the seconds out.
"""

from __future__ import annotations

import json
import sys
import time

LETTERS = ("A", "B", "C")
BATCH = 16


def main() -> None:
    """Until the end of standard input."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    model = HFLM(pretrained=sys.argv[1], device="cpu", dtype="float32", batch_size=BATCH, add_bos_token=False)
    for line in sys.stdin:
        prompts = json.loads(line)["prompts"]
        requests = [
            Instance(request_type="loglikelihood", doc={}, arguments=(prompt, letter), idx=at)
            for prompt in prompts
            for at, letter in enumerate(LETTERS)
        ]
        begun = time.perf_counter()
        found = model.loglikelihood(requests, disable_tqdm=True)
        seconds = time.perf_counter() - begun
        values = [value for value, _ in found]
        rows = [values[at : at + len(LETTERS)] for at in range(0, len(values), len(LETTERS))]
        print(json.dumps({"scores": rows, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
