"""The exact prompts of the library's NLI task, split into the constant opening and the rest.

The training must see the very strings that the library sends. `training/check_prompts.py` compares them with the
task files of the package, so the two cannot drift apart unnoticed.
"""

from __future__ import annotations

from collections.abc import Sequence

from training.settings import WORDS

VERBALISED = {
    "entailment": "true (entailment)",
    "neutral": "undetermined (neutral)",
    "contradiction": "false (contradiction)",
}

_EXPLAIN_OPENING = (
    "You are an expert in Natural Language Inference (NLI). Please list all possible explanations why the the "
    "following statement is {label} given the context below without introductory phrases. \nContext:"
)
_JUDGE_TAIL = (
    "determine whether the following statement is true (entailment), undetermined (neutral), or false "
    "(contradiction) given the context below and select ONE of the listed options and answer with it in a single "
    "word. \nContext:"
)
JUDGE_OPENING = "Please " + _JUDGE_TAIL
JUDGE_EXPLAINED_OPENING = "Please carefully and fairly base your selection on the comments below to " + _JUDGE_TAIL


def explain_opening(label: str) -> str:
    """The constant beginning of the prompt that asks for explanations of `label`."""
    return _EXPLAIN_OPENING.format(label=VERBALISED[label])


def explain_rest(premise: str, hypothesis: str) -> str:
    """What follows `explain_opening`."""
    return f" {premise} \nStatement: {hypothesis} \nAnswer:"


def comment(number: int, text: str, explicit_label: str | None = None) -> str:
    """One explanation inside a judging prompt; `explicit_label` adds the sentence that names the choice."""
    choice = "" if explicit_label is None else f"So I choose {WORDS[explicit_label]}. "
    return f"\nComment {number}: {text} {choice}"


def judge_rest(premise: str, hypothesis: str, options: Sequence[str], comments: Sequence[str] = ()) -> str:
    """What follows the judging opening; `options` are words in the order shown, `comments` come from `comment`."""
    return f" {premise} \nStatement: {hypothesis} {''.join(comments)}\nOptions: {', '.join(options)}. \nAnswer:"
