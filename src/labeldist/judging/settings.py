"""How a judge asks and how its answers become numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from labeldist.core.errors import UsageError
from labeldist.core.task import LETTERS, Task
from labeldist.judging.average import AVERAGES
from labeldist.judging.prompts import LETTERS_STYLE, WORDS_STYLE, check_letters
from labeldist.judging.transform import read_transform
from labeldist.judging.validity import MEAN, PER_LABEL, STATED, VALIDITY, VALIDITY_STYLES
from labeldist.judging.verbalised import AS_SAID, MOST_SAMPLES, STYLE
from labeldist.models.base import LanguageModel

WRITTEN = (STYLE, *VALIDITY_STYLES)  # answer styles in which models may write numbers


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """How to ask and how to pool. ``auto`` for ``style`` and ``transform`` means what suits the model.

    Of verbalised answers: in how many ``paraphrases`` of the question (None: all that the task has), how many
    ``samples`` of each answer (None: the likeliest alone), and the ``average`` of them, ``linear`` (None) or ``log``.
    ``samples`` also of stated validity, and ``per_label``: whether a label's validity is the ``mean`` (None) or the
    ``max`` over its explanations.
    """

    orders: str = "balanced:12"
    style: str = "auto"
    transform: str = "auto"
    explicit: bool = False
    seed: int = 0
    paraphrases: int | None = None
    samples: int | None = None
    average: str | None = None
    per_label: str | None = None

    def for_model(self, model: LanguageModel, labels: int = 0) -> JudgeSettings:
        """These settings with the model's own style and transform filled in, checked against what it can do.

        ``labels``: how many the task has; where letters run out, ``auto`` means words instead.
        """
        style = model.answer_style if self.style == "auto" else self.style
        if self.style == "auto" and style == LETTERS_STYLE and labels > len(LETTERS):
            style = WORDS_STYLE
        if style == VALIDITY and model.capabilities.scores.startswith("sampled"):
            style = STATED  # without log-probabilities a number says more than a few drawn yes and no
        check_letters(style, labels)
        self._check(style)
        suits = AS_SAID if style in WRITTEN else model.transform
        spec = suits if self.transform == "auto" else self.transform
        if style in (STYLE, STATED) and spec != AS_SAID:
            raise UsageError(
                f"transform {spec!r} of what a model says", hint=f"leave it as it is said: --transform {AS_SAID}"
            )
        if read_transform(spec).needs_raw_logits and not model.capabilities.raw_logits:
            raise UsageError(
                f"transform {spec!r} needs raw logits, and model {model.name!r} gives log-probabilities only",
                hint="use softmax:T",
            )
        return replace(self, style=style, transform=spec)

    def paraphrases_of(self, task: Task) -> int:
        """In how many paraphrases a task is asked; :class:`UsageError` where it has fewer than are wanted."""
        if self.style != STYLE:
            return 1
        known = 1 + len(task.prompts(STYLE).paraphrases)
        wanted = known if self.paraphrases is None else self.paraphrases
        if not 1 <= wanted <= known:
            raise UsageError(
                f"{wanted} paraphrases of a question of which task {task.name!r} has {known}",
                hint=f"use --paraphrases {known} or fewer, or write more in the prompts.toml of a task of your own",
            )
        return wanted

    def _check(self, style: str) -> None:
        """Refuse what means nothing in this style."""
        given = {"--paraphrases": self.paraphrases, "--average": self.average}
        named = next((name for name, value in given.items() if value is not None), None)
        if named and style != STYLE:
            raise UsageError(f"{named} with answers in {style}", hint=f"it is for --answers {STYLE}")
        if self.average not in (None, *AVERAGES):
            raise UsageError(f"average {self.average!r}", hint=f"use one of: {', '.join(AVERAGES)}")
        if self.per_label is not None and style not in VALIDITY_STYLES:
            raise UsageError(f"--per-label with answers in {style}", hint=f"it is for --answers {VALIDITY}")
        if self.per_label not in (None, *PER_LABEL):
            raise UsageError(f"{self.per_label!r} per label", hint=f"use {MEAN} or {PER_LABEL[1]}")
        if self.samples is not None and style not in (STYLE, STATED):
            raise UsageError(
                f"--samples of answers in {style} by a model that gives log-probabilities",
                hint=f"leave it out; it is for --answers {STYLE} and {STATED}, and for --scores sampled",
            )
        if self.samples is not None and not 1 <= self.samples <= MOST_SAMPLES:
            raise UsageError(f"{self.samples} samples of an answer", hint=f"use a number from 1 to {MOST_SAMPLES:,}")
