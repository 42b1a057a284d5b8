"""How long a report takes, how much memory and how large it is, and how fast its page answers.

    python -m benchmarks.report [ITEMS ...]        # default: 1000 10000 100000

Items are made up: three labels, four named annotators each, texts of 25 words, a posterior and a model's distributions.
Seconds are those of the whole command, beside those of ``labeldist describe`` on the same items; the ratio is what can
be compared between machines. A keystroke is measured in the page, from the event to the end of the next frame.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.point import Point

LABELS = ("entailment", "neutral", "contradiction")
WORDS = (
    "the", "a", "man", "woman", "plays", "sits", "walks", "outside", "inside", "red", "blue", "dog", "cat", "tree",
    "house", "quickly", "slowly",
)  # fmt: skip
SECONDS = {1_000: 3.0, 100_000: 60.0}  # asked for
MEGABYTES = 1_000.0
KEYSTROKE = 100.0  # milliseconds, with 10,000 items
RUNS = 3
# Times one letter typed into the search, to the end of the frame after it.
TYPED = """
async (letter) => {
  const field = document.querySelector("#search");
  field.value += letter;
  const start = performance.now();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
}
"""


def main(sizes: list[int]) -> int:
    """Measure each of ``sizes``; returns 0 where all that was asked for is reached."""
    with TemporaryDirectory(prefix="labeldist-report-") as folder:
        points = [point for size in sizes for point in measured(Path(folder), size)]
    for point in points:
        print(point)
    return int(not all(point.reached for point in points))


def measured(folder: Path, size: int) -> Iterator[Point]:
    """What a report of so many items takes, printed; and what was asked for beside it."""
    source, model, posterior = made(folder, size)
    describe = [timed(folder, "describe", source)[0] for _ in range(RUNS)]
    told = ["report", posterior, f"model={model}", "--out", folder / "report.html"]
    runs = [timed(folder, *told) for _ in range(RUNS)]
    seconds, memory = median(run[0] for run in runs), max(run[1] for run in runs)
    megabytes = (folder / "report.html").stat().st_size / 1e6
    print(
        f"{size:,} items: {seconds:.1f} s, {seconds / median(describe):.2f} times describe, {memory:.0f} MB of memory, "
        f"a page of {megabytes:.1f} MB"
    )
    if size in SECONDS:
        yield Point(f"{size:,} items, seconds", "at most", SECONDS[size], seconds)
        yield Point(f"{size:,} items, MB of memory", "at most", MEGABYTES, memory)
    yield Point(f"{size:,} items, MB of the page", "at most", 3.0, megabytes)
    if size == 10_000:
        timed(folder, *told, "--items", "all")
        keys = keystrokes(folder / "report.html")
        print(f"keystrokes with 10,000 items on the page: {', '.join(f'{key:.0f}' for key in keys)} ms")
        yield Point("a keystroke with 10,000 items, ms, median", "at most", KEYSTROKE, median(keys))
        yield Point("a keystroke with 10,000 items, ms, slowest", "at most", KEYSTROKE, max(keys))


def made(folder: Path, size: int) -> tuple[Path, Path, Path]:
    """Files of so many items, of a model's distributions, and of the posterior."""
    random = np.random.default_rng(0)
    source, model = folder / f"items-{size}.jsonl", folder / f"model-{size}.jsonl"
    with source.open("w") as items, model.open("w") as said:
        for at, truth in enumerate(random.dirichlet([1, 1, 1], size)):
            labels = [LABELS[label] for label in random.choice(3, 4, p=truth)]
            row: dict[str, Any] = {
                "id": f"q{at}",
                "fields": {name: " ".join(random.choice(WORDS, 12)) for name in ("premise", "hypothesis")},
                "labels": [{"annotator": f"a{(at * 4 + n) % 50}", "label": label} for n, label in enumerate(labels)],
            }
            items.write(json.dumps(row) + "\n")
            shares = 0.7 * truth + 0.3 * random.dirichlet([1, 1, 1])
            row = {"id": f"q{at}", "distribution": dict(zip(LABELS, shares.tolist(), strict=True)), "saw_labels": False}
            said.write(json.dumps(row) + "\n")
    posterior = folder / f"posterior-{size}.jsonl"
    timed(folder, "estimate", source, "--evidence", f"model={model}", "--out", posterior)
    return source, model, posterior


def timed(folder: Path, *arguments: object) -> tuple[float, float]:
    """Seconds and megabytes of a command; raises where it fails."""
    done = subprocess.run(
        ["/usr/bin/time", "-f", "%e %M", sys.executable, "-m", "labeldist", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    seconds, kilobytes = done.stderr.splitlines()[-1].split()
    return float(seconds), float(kilobytes) / 1e3


def keystrokes(page: Path) -> list[float]:
    """Milliseconds of each letter of a search."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(page.as_uri())
        tab.wait_for_timeout(3_000)
        found = []
        for letter in "woman walks":
            found.append(tab.evaluate(TYPED, letter))
            tab.wait_for_timeout(400)
        browser.close()
    return found


if __name__ == "__main__":
    sys.exit(main([int(size) for size in sys.argv[1:]] or [1_000, 10_000, 100_000]))
