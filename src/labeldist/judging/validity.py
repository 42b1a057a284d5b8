"""Explanation validation: is each explanation of each label a valid reason for it, given the item.

After EVADE (Zuo, Plank and Peng, arXiv 2511.08949), and VariErr before it (Weber-Genzel and others, arXiv 2403.01931),
where large models state how probable it is that a reason makes sense for its label, and a label's validity is the mean
over its reasons. Here the probability is that of the first token, "yes" against "no", the mean over both orders of the
two; a model that gives no log-probabilities is asked for a number of per cent. Every label is explained, whoever chose
it, so the scores are blind evidence. The item stands first in the prompt, then the label, then the reason, then the
options: the prompt tree computes each once.
"""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labeldist.core.distribution import OptionScores
from labeldist.core.errors import ModelError, UsageError, shown
from labeldist.core.item import Evidence, Explanation, Item
from labeldist.core.task import Task, ValidityPrompts
from labeldist.judging.pool import check_scores, distributions
from labeldist.judging.prompts import JudgePrompt
from labeldist.judging.scoring import option_scores
from labeldist.judging.transform import Transform
from labeldist.judging.verbalised import PARTIAL, REFUSED, written_answers
from labeldist.models.base import LanguageModel

VALIDITY, STATED = "validity", "stated-validity"
VALIDITY_STYLES = (VALIDITY, STATED)
MEAN, MAX = "mean", "max"
PER_LABEL = (MEAN, MAX)
YES_NO = ("yes", "no")
ORDERS = ((0, 1), (1, 0))
STATED_TOKENS = 64
PER_CENT = 100
_NUMBER = re.compile(r"\**(\d{1,3})(\.\d+)?\**\s*(%?)\**[.。]?")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Validity:
    """How valid the explanations of an item are.

    ``values``: of each explanation, from 0 to 1 (None: nothing could be read). ``mean``, ``maximum``: of each label
    over its explanations; ``scores``: the one of the two that was asked for, and ``distribution`` in proportion to it.
    ``standard_error``, ``spread``: of the distribution, over both orders of yes and no, which are all there are, or
    over samples of what was stated (NaN of one). ``answer_mass``: mean probability of yes and no together.
    ``questions``: how many were answered. ``unlisted``: the share of scores that are upper bounds. ``unread``: as for
    an MJD.
    """

    values: tuple[float | None, ...]
    mean: Mapping[str, float]
    maximum: Mapping[str, float]
    scores: Mapping[str, float]
    distribution: Mapping[str, float]
    standard_error: Mapping[str, float]
    spread: Mapping[str, float]
    answer_mass: float
    questions: int
    unlisted: float = 0.0
    unread: tuple[tuple[str, str], ...] = ()


def validity_prompts(task: Task, item: Item, explanation: Explanation) -> list[JudgePrompt]:
    """The question whether the explanation is valid, under both orders of the answers; ``answers`` are yes and no.

    >>> from labeldist.tasks.load import load_task
    >>> item = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
    >>> first, second = validity_prompts(load_task("nli"), item, Explanation("Rain is wet.", "entailment"))
    >>> first.text[-26:], second.text[-26:], first.answers[0][0]
    ('Options: Yes, No. \\nAnswer:', 'Options: No, Yes. \\nAnswer:', 'Yes')
    """
    prompts = _prompts(task)
    answers = (prompts.yes, prompts.no)
    found = []
    for order in ORDERS:
        options = tuple(answers[at][0] for at in order)
        text = _filled(prompts.scored, task, item, explanation, options=prompts.separator.join(options))
        found.append(JudgePrompt(text, answers, options))
    return found


def stated_prompt(task: Task, item: Item, explanation: Explanation) -> str:
    """The question how valid the explanation is, in per cent."""
    return _filled(_prompts(task).stated, task, item, explanation)


def read_per_cent(answer: str) -> float | None:
    """The share that an answer such as ``80%`` states; None where it is not exactly one number from 0 to 100.

    A number below 1 with a decimal point and no per cent sign may be a share or a percentage, so it is not read.

    >>> read_per_cent("80"), read_per_cent(" 80 %."), read_per_cent("0.8"), read_per_cent("About 80")
    (0.8, 0.8, None, None)
    """
    match = _NUMBER.fullmatch(unicodedata.normalize("NFKC", answer).strip())
    if match is None or (match[2] and not match[3] and float(match[1] + match[2]) <= 1):
        return None
    number = float(match[1] + (match[2] or ""))
    return number / PER_CENT if number <= PER_CENT else None


def check_explained(item: Item, explanations: Sequence[Explanation], labels: Sequence[str]) -> None:
    """Refuse an item of which a label has no explanation: its validity would be that of nothing.

    >>> check_explained(Item("1", {}), [Explanation("It may.", "yes")], ["yes", "no"])
    Traceback (most recent call last):
    ...
    labeldist.core.errors.ModelError: no explanation of the label 'no', and validity is asked of every label's
      hint: `labeldist explain` asks a model for reasons of each label
    """
    explained = {explanation.label for explanation in explanations}
    without = [label for label in labels if label not in explained]
    if without:
        raise ModelError(
            f"no explanation of the label{'s' if len(without) > 1 else ''} {', '.join(map(repr, without))}, "
            "and validity is asked of every label's",
            hint="`labeldist explain` asks a model for reasons of each label",
        )


def validate(
    asked: Sequence[tuple[Item, Sequence[Explanation]]],
    task: Task,
    model: LanguageModel,
    transform: Transform,
    *,
    stated: bool = False,
    per_label: str = MEAN,
    samples: int = 1,
    seed: int = 0,
) -> list[Validity]:
    """How valid the explanations of each item are; all prompts of the batch go to the model in one call.

    ``transform``: of the logits of yes and no; softmax:1 is their probability. ``stated``: ask for a number instead, so
    many ``samples`` of it. Raises :class:`ModelError` where a label has no explanation, or none of which an answer
    could be read.

    >>> from labeldist.judging.transform import read_transform
    >>> from labeldist.models.scripted import Rule, Scripted
    >>> from labeldist.tasks.load import load_task
    >>> item = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
    >>> model = Scripted([Rule("So it is.", answers=(("Yes", 3.0), ("No", 0.0))), Rule("", answers=(("No", 0.0),))])
    >>> reasons = [Explanation("So it is.", "entailment")]
    >>> reasons += [Explanation("No idea.", label) for label in ("neutral", "contradiction")]
    >>> [found] = validate([(item, reasons)], load_task("nli"), model, read_transform("softmax:1"))
    >>> [round(value, 2) for value in found.values]
    [0.91, 0.5, 0.5]
    """
    for item, explanations in asked:
        check_explained(item, explanations, task.label_names)
    pairs = [(item, explanation) for item, explanations in asked for explanation in explanations]
    counts = [len(explanations) for _, explanations in asked]
    ends = np.cumsum([0, *counts]).tolist()
    parts = [slice(start, stop) for start, stop in itertools.pairwise(ends)]
    if stated:
        texts = written_answers(model, [stated_prompt(task, *pair) for pair in pairs], STATED_TOKENS, samples, seed)
        return [_stated(texts[part], of[1], task, per_label) for part, of in zip(parts, asked, strict=True)]
    prompts = [prompt for pair in pairs for prompt in validity_prompts(task, *pair)]
    scores = option_scores(model, prompts, YES_NO)
    return [
        _scored(scores[len(ORDERS) * part.start : len(ORDERS) * part.stop], of[1], task, transform, per_label)
        for part, of in zip(parts, asked, strict=True)
    ]


def _prompts(task: Task) -> ValidityPrompts:
    if task.validity is None:
        raise UsageError(
            f"task {task.name!r} has no prompts for the validity of explanations",
            hint="add a table [validity] to its prompts.toml, as that of the task nli has it",
        )
    return task.validity


def _filled(template: str, task: Task, item: Item, explanation: Explanation, *, options: str = "") -> str:
    """A label goes in as it stands among the options."""
    label = next(one for one in task.labels if one.name == explanation.label)
    fields = {name: item.fields[name] for name in task.fields}
    named = next(iter(label.options.values()))
    return template.format(**{**fields, "label": named, "comments": explanation.text, "options": options})


def _scored(
    scores: Sequence[OptionScores], explanations: Sequence[Explanation], task: Task, transform: Transform, how: str
) -> Validity:
    check_scores(scores, transform)
    values = distributions(scores, transform)[:, 0].reshape(len(explanations), len(ORDERS))
    return replace(
        _of_values(values, explanations, task, how),
        standard_error=dict.fromkeys(task.label_names, 0.0),
        answer_mass=math.fsum(score.answer_mass for score in scores) / len(scores),
        unlisted=sum(score.unlisted for score in scores) / (len(scores) * len(YES_NO)),
    )


def _stated(texts: Sequence[Sequence[str]], explanations: Sequence[Explanation], task: Task, how: str) -> Validity:
    unread: list[tuple[str, str]] = []
    values = np.full((len(texts), len(texts[0])), math.nan)
    for place, text in enumerate(itertools.chain.from_iterable(texts)):
        value = read_per_cent(text)
        if value is None:
            unread.append((PARTIAL if any(map(str.isdigit, text)) else REFUSED, text))
        else:
            values.flat[place] = value
    known = {one.label for one, row in zip(explanations, values, strict=True) if not np.isnan(row).all()}
    without = [label for label in task.label_names if label not in known]
    if without:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(Counter(kind for kind, _ in unread).items()))
        raise ModelError(
            f"no answer about the label {without[0]!r} is a number from 0 to 100 ({kinds}), such as "
            f"{shown(unread[0][1], 60)}",
            hint="use a model that follows instructions",
        )
    return replace(_of_values(values, explanations, task, how), unread=tuple(unread))


def _of_values(values: Floats, explanations: Sequence[Explanation], task: Task, how: str) -> Validity:
    """What labels are worth by the values (E, R) of their explanations under R orders, or of R samples."""
    rows = [[one for one in row if not math.isnan(one)] for row in values.tolist()]
    of_each = [math.fsum(row) / len(row) if row else None for row in rows]
    mean, maximum = (_pooled(of_each, explanations, task, one) for one in PER_LABEL)
    scores = mean if how == MEAN else maximum
    columns = [[None if math.isnan(one) else one for one in column] for column in values.T.tolist()]
    each = [_pooled(column, explanations, task, how) for column in columns]
    whole = [Evidence.from_scores(one).distribution for one in each if len(one) == len(task.labels)]
    spread = {
        label: float(np.std([one[label] for one in whole], ddof=1)) if len(whole) > 1 else math.nan
        for label in task.label_names
    }
    return Validity(
        values=tuple(of_each),
        mean=mean,
        maximum=maximum,
        scores=scores,
        distribution=Evidence.from_scores(scores).distribution,
        standard_error={label: one / math.sqrt(max(len(whole), 1)) for label, one in spread.items()},
        spread=spread,
        answer_mass=1.0,
        questions=sum(map(len, rows)),
    )


def _pooled(
    values: Sequence[float | None], explanations: Sequence[Explanation], task: Task, how: str
) -> dict[str, float]:
    """The mean or the maximum over each label's explanations, of those that were read; in label order."""
    found: dict[str, list[float]] = {}
    for explanation, value in zip(explanations, values, strict=True):
        if value is not None:
            found.setdefault(explanation.label, []).append(value)
    return {
        label: math.fsum(found[label]) / len(found[label]) if how == MEAN else max(found[label])
        for label in task.label_names
        if label in found
    }
