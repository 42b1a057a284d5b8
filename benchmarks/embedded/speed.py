"""The whole way as a process of its own, start included: 3 labels explained, then judged with 4 explanations."""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from training.settings import LABELS, SEED

from benchmarks.embedded.held_out import chosen_pairs, items_of
from benchmarks.embedded.judging import BALANCED, explained
from benchmarks.embedded.markdown import table
from benchmarks.embedded.setup import CACHE, Setup, opened
from labeldist.core.errors import ModelError
from labeldist.core.item import Annotation, Item
from labeldist.core.task import Task
from labeldist.datasets.files import write_items
from labeldist.explanations.condition import parse_condition
from labeldist.explanations.generate import parsed_explanations
from labeldist.explanations.prompts import explain_prompt
from labeldist.judging.orders import orders
from labeldist.judging.prompts import judge_prompt
from labeldist.models.base import LanguageModel
from labeldist.models.open import open_model
from labeldist.tasks.load import load_task

ITEMS = 100
RUNS = 3
LABELS_PER_ITEM = 4
JUDGED_AGAIN = 25
LISTS_AT_ONCE = 48


def measure(setup: Setup) -> dict[str, Any]:
    """Seconds and peak memory of three fresh processes, and tokens per second within this one."""
    items = labelled(setup.limit)
    about = machine()
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        source = Path(folder) / "items.jsonl"
        write_items(source, items)
        runs = [_run(setup.model, source, Path(folder) / f"run-{at}") for at in range(RUNS)]
    return {
        "items": len(items),
        "runs": runs,
        "machine": about,
        **_tokens_per_second(setup, items),
    }


def labelled(limit: int | None) -> list[Item]:
    """100 held-out items with 4 labels each, two of them gold: what a label-guided selection makes 4 of."""
    chance = random.Random(SEED)
    pairs = chosen_pairs(ITEMS, limit)
    return [
        Item(item.id, item.fields, tuple(Annotation(label) for label in [pair.label] * 2 + chance.choices(LABELS, k=2)))
        for item, pair in zip(items_of(pairs, "speed"), pairs, strict=True)
    ]


def _run(model: str, source: Path, out: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "labeldist", "run", str(source), "--model", model, "--out", str(out)]
    command += ["--explanations", "label-guided", "--orders", BALANCED, "--show", "1"]
    command += ["--no-leave-one-out"]  # judging anew without each annotator is not what is measured
    timed = [sys.executable, str(Path(__file__).with_name("timed.py")), *command]
    ended = subprocess.run(timed, capture_output=True, text=True)
    if ended.returncode:
        raise ModelError(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stderr}")
    found: dict[str, Any] = json.loads(ended.stdout)
    print(f"  speed: {found}", file=sys.stderr, flush=True)
    return found


def machine() -> dict[str, Any]:
    """Where this was measured, and how busy it was: other work makes the runs slower."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load average before": round(os.getloadavg()[0], 2),
    }


def _tokens_per_second(setup: Setup, items: Sequence[Item]) -> dict[str, Any]:
    task = load_task("nli")
    with opened(setup.model) as recorded:
        answered = explained("speed, explanations", items[:JUDGED_AGAIN], task, recorded)
    # Not the recorded model: its known answers would take no time.
    model = open_model(setup.model)
    judging = [model.encode(text) for text in _judging_prompts(answered, task, model.name)]
    tokens = [model.encode("", text)[1] for text in ("true", "neutral", "false")]
    seconds = _best(lambda: model.next_token_scores(judging, [tokens] * len(judging)))
    asking = [model.encode(explain_prompt(task, item, label)) for item in items for label in LABELS][:LISTS_AT_ONCE]
    return {
        "prompt tokens per second": round(sum(map(len, judging)) / seconds),
        "decoded tokens per second": round(_decoded(model, asking)),
        "lists at once": len(asking),
    }


def _judging_prompts(items: Sequence[Item], task: Task, writer: str) -> list[str]:
    guided = parse_condition("label-guided")
    chosen = [(item, guided.choose(item, parsed_explanations(item, writer), task)) for item in items]
    return [
        judge_prompt(task, item, explanations, order, style="words").text
        for item, explanations in chosen
        for order in orders(BALANCED, len(explanations), len(task.labels))
    ]


def _decoded(model: LanguageModel, asking: Sequence[Sequence[int]]) -> float:
    """New tokens per second; the time until the first one, which reading the prompts takes, does not count."""
    made = model.generate(asking, max_new_tokens=model.max_new_tokens)
    first = _best(lambda: model.generate(asking, max_new_tokens=1))
    whole = _best(lambda: model.generate(asking, max_new_tokens=model.max_new_tokens))
    return sum(len(model.encode("", text)) - 1 for text in made) / max(whole - first, 1e-9)


def _best(work: Callable[[], object]) -> float:
    """The least seconds of three times."""
    seconds = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def rendered(result: dict[str, Any]) -> str:
    """The table of the model card."""
    seconds = sorted(run["seconds"] for run in result["runs"])
    about = result["machine"]
    title = f"{result['items']} items, 3 labels explained, judged with {LABELS_PER_ITEM} explanations in 12 orders"
    rows = [
        ["whole process, cold start included", f"{seconds[0]:.1f} s (of {', '.join(f'{s:.1f}' for s in seconds)})"],
        ["peak memory", f"{max(run['peak MB'] for run in result['runs']):,} MB"],
        ["prompt tokens per second", f"{result['prompt tokens per second']:,}"],
        [
            f"decoded tokens per second, {result['lists at once']} lists at once",
            f"{result['decoded tokens per second']:,}",
        ],
        ["machine", f"{about['processor']}, {about['cores']} cores"],
    ]
    return table([title, ""], rows)
