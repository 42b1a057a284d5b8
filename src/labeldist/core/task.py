"""A task: its labels, what they are called in prompts, the fields of an item, and the prompts."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from labeldist.core.errors import InputError, UsageError
from labeldist.core.spelling import folded

NOMINAL, ORDINAL = "nominal", "ordinal"


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a task, with the names that it goes by.

    ``verbalised`` is how the explanation prompt says it ("true (entailment)"); ``options`` how each answer
    style shows it among the options; ``aliases`` are other spellings that data sets use ("e", "0"), as
    :func:`~labeldist.core.spelling.folded` has them. ``value``: where the label stands on the scale of an ordinal task.
    """

    name: str
    verbalised: str
    options: Mapping[str, str]
    aliases: tuple[str, ...] = ()
    value: float | None = None


MOST_KEPT = 20_000  # in a task's memo
T = TypeVar("T")
LETTERS = string.ascii_uppercase  # what options are called by, as far as they go


@dataclass(frozen=True, slots=True)
class JudgePrompts:
    """The multiple-choice prompt in one answer style: ``letters`` (A, B, ...) or ``words`` (the option itself).

    ``plain`` and ``commented`` are the whole prompt without and with explanations, ``comment`` and
    ``explicit_comment`` one explanation, ``option`` one option and ``option_separator`` what stands between
    two. ``answer_forms`` are the spellings of an answer whose first tokens count as that answer. ``paraphrases``: the
    same question in other words, each as ``plain`` and ``commented``.
    """

    plain: str
    commented: str
    comment: str
    explicit_comment: str
    option: str
    option_separator: str
    answer_forms: tuple[str, ...]
    paraphrases: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ValidityPrompts:
    """Whether a reason for a label is valid: ``scored`` is answered by yes or no, ``stated`` by a number of per cent.

    ``yes``, ``no``: the spellings of the answers; the first is shown among the options, with ``separator`` between.
    """

    scored: str
    stated: str
    yes: tuple[str, ...]
    no: tuple[str, ...]
    separator: str


@dataclass(frozen=True, slots=True)
class Task:
    """What is judged and how a model is asked about it. Label order is the order of every array and table.

    ``scale``: ``nominal``, or ``ordinal`` where every label has a value. ``example``: the fields of an easy item, on
    which a model can be tried. ``validity``: how to ask whether a reason for a label is valid, where the task says it.
    """

    name: str
    title: str
    language: str
    fields: tuple[str, ...]
    labels: tuple[Label, ...]
    explain_prompt: str
    judge_prompts: Mapping[str, JudgePrompts]
    scale: str = "nominal"
    example: Mapping[str, str] | None = None
    validity: ValidityPrompts | None = None
    label_names: tuple[str, ...] = field(init=False, repr=False, compare=False)
    memo: dict[Any, Any] = field(
        init=False, repr=False, compare=False
    )  # what spellings mean: readers ask for each label

    def __post_init__(self) -> None:
        """Set the names of the labels, in order."""
        object.__setattr__(self, "label_names", tuple(label.name for label in self.labels))
        object.__setattr__(self, "memo", {})

    @property
    def values(self) -> tuple[float, ...] | None:
        """Where each label stands on the scale, in label order; None of a nominal task."""
        if self.scale != ORDINAL:
            return None
        return tuple(label.value for label in self.labels if label.value is not None)

    def keep(self, spelling: Any, meant: T) -> T:
        """``meant``, kept in ``memo`` as what ``spelling`` means, unless that is full."""
        if len(self.memo) < MOST_KEPT:
            self.memo[spelling] = meant
        return meant

    def canonical(self, label: str) -> str:
        """The name of the label that ``label`` (a name or an alias, in any case and Unicode form) stands for.

        Raises :class:`InputError` with the choices for anything else.
        """
        wanted = folded(label)
        for candidate in self.labels:
            if wanted == folded(candidate.name) or wanted in candidate.aliases:
                return self.keep(label, candidate.name)
        raise InputError(f"label {label!r}", expected=f"one of: {', '.join(self.label_names)}")

    def prompts(self, style: str) -> JudgePrompts:
        """The judge prompts of an answer style; an unknown style raises :class:`UsageError`."""
        if not self.judge_prompts:
            raise UsageError(
                "labels alone, where a model is asked", hint="name the task that says what to ask (labeldist tasks)"
            )
        if style not in self.judge_prompts:
            raise UsageError(
                f"task {self.name!r} has no prompts for the answer style {style!r}",
                hint=f"use one of: {', '.join(self.judge_prompts)}",
            )
        return self.judge_prompts[style]
