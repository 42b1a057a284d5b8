"""From prompts to option scores: one question to the model for each prompt, nothing generated."""

from __future__ import annotations

from collections.abc import Sequence

from labeldist.core.distribution import OptionScores
from labeldist.judging.prompts import JudgePrompt
from labeldist.models.base import LanguageModel, Question, in_order


def option_scores(
    model: LanguageModel, prompts: Sequence[JudgePrompt], labels: tuple[str, ...]
) -> Sequence[OptionScores]:
    """The scores of the options of each prompt, in label order.

    Raises :class:`~labeldist.core.errors.ModelError` where the model cannot score first tokens.
    """
    questions = [Question(prompt.text, prompt.answers) for prompt in prompts]
    raw = model.capabilities.raw_logits
    return [
        OptionScores(
            labels, scores.logits, scores.log_total, raw=raw, likeliest=scores.likeliest, unlisted=scores.unlisted
        )
        for scores in in_order(model.answer_scores(questions), len(questions), model.name)
    ]
