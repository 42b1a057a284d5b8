"""Checks that the training's prompts are, byte for byte, those that the library sends for its NLI task."""

from __future__ import annotations

import itertools

from labeldist.core.item import Explanation, Item
from labeldist.explanations.prompts import explain_prompt
from labeldist.judging.orders import Order
from labeldist.judging.prompts import judge_prompt
from labeldist.tasks.load import load_task
from training import prompts
from training.settings import LABELS, WORDS


def differences() -> list[str]:
    """The prompts that differ, as "training / library"; an empty list where all is well."""
    task = load_task("nli")
    item = Item("1", {"premise": "It {rains}.", "hypothesis": "It is wet."})
    premise, hypothesis = item.fields["premise"], item.fields["hypothesis"]
    pairs = []
    for label in LABELS:
        own = prompts.explain_opening(label) + prompts.explain_rest(premise, hypothesis)
        pairs.append((own, explain_prompt(task, item, label)))
    reasons = [Explanation(label=label, text=f"Reason for {label}.", source="test") for label in LABELS]
    for number, order in itertools.product(range(4), itertools.permutations(range(3))):
        options = [WORDS[task.label_names[at]] for at in order]
        for explicit in (False, True):
            comments = [
                prompts.comment(at + 1, reasons[at].text, LABELS[at] if explicit else None) for at in range(number)
            ]
            opening = prompts.JUDGE_EXPLAINED_OPENING if number else prompts.JUDGE_OPENING
            own = opening + prompts.judge_rest(premise, hypothesis, options, comments)
            shown = Order(tuple(range(number)), order)
            theirs = judge_prompt(task, item, reasons, shown, style="words", explicit=explicit)
            pairs.append((own, theirs.text))
    return [f"{own!r} / {theirs!r}" for own, theirs in pairs if own != theirs]


if __name__ == "__main__":
    found = differences()
    print("\n".join(found) or "all prompts are equal")
    raise SystemExit(bool(found))
