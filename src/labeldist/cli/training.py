"""What ``labeldist train`` and ``labeldist predict`` print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeldist.cli.printing import say, say_json, tell
from labeldist.cli.results import counted, status, tell_failures

if TYPE_CHECKING:
    from labeldist.classifiers.from_sources import Predicted, Trained

SHOWN = {
    "ce": "CE",
    "kl": "KL",
    "tvd": "TVD",
    "accuracy": "accuracy",
    "f1_weighted": "weighted F1",
    "f1_macro": "macro F1",
}


def show_training(done: Trained, *, as_json: bool) -> int:
    """What was trained on, and how good the kept weights are; returns the exit status."""
    summary = done.summary
    if as_json:
        say_json(
            {
                "out": summary.folder,
                "items": summary.items,
                "without_target": done.without_target,
                "steps": summary.steps,
                "resumed": summary.resumed,
                "best": summary.best,
                "measured": summary.measured,
                "notes": [*done.notes, *summary.notes],
                "failures": done.failures,
            }
        )
        return status(done.failures)
    resumed = f", going on from step {summary.resumed:,}" if summary.resumed else ""
    say(f"Trained on {counted(summary.items, 'item')} in {summary.steps:,} steps{resumed}.")
    if summary.best is not None:
        values = ", ".join(f"{title} {summary.best[name]:.4f}" for name, title in SHOWN.items())
        say(f"On the development set, best at step {summary.best['step']:,.0f}: {values}.")
    say(f"Written to {summary.folder}. Next: labeldist predict SOURCE --model {summary.folder}")
    for note in (*done.notes, *summary.notes):
        tell("note", note)
    if done.without_target:
        tell("note", f"{counted(done.without_target, 'item')} had no target")
    tell_failures(done.failures, None)
    return status(done.failures)


def show_predictions(done: Predicted, *, as_json: bool) -> int:
    """How many distributions are where; returns the exit status."""
    if as_json:
        say_json({"rows": done.rows, "failures": done.failures, "files": done.files, "notes": done.notes})
        return status(done.failures)
    say(f"{counted(done.rows, 'distribution')} written to {done.files[0]}")
    for note in done.notes:
        tell("note", note)
    tell_failures(done.failures, done.files[-1])
    return status(done.failures)
