"""The verbalised judge: the model is asked how many of 100 annotators would choose each option, and says it in words.

Another published way to elicit a distribution (Meister, Guestrin and Hashimoto, 2024, arXiv 2411.05403, there
"verbalize"), for models that give no log-probabilities, and as evidence beside first-token probabilities. Answers are
read strictly: one number for each option, a hundred together; whatever says more or less is not guessed at.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence

from labeldist.core.distribution import OptionScores
from labeldist.core.errors import ModelError
from labeldist.core.task import LETTERS
from labeldist.judging.prompts import JudgePrompt, option_names
from labeldist.models.base import LanguageModel, Written, in_order

STYLE = "verbalised"
AS_SAID = "softmax:1"  # of logarithms: the shares themselves
ANNOTATORS = 100
LONGEST_LINE = 300  # an option's text and a number; matching takes the cube of the length
ROUNDING = 1.5  # how far numbers may be from 100 together, since each may have been rounded
NEW_TOKENS_PER_OPTION = 24
# The letter, the option's text if any, at most one sign between them and the number: a second would be a minus.
_LINE = re.compile(
    r"(?:[-*•]\s+)?\**\(?([A-Z])\)?\**(?:\s*[.:)]?\s*([^\W\d_].*?))?\s*[.:)=-]?\s*\**(\d{1,3}(?:\.\d+)?)\**\s*(?:%|人|名|명)?[,;.]?"
)
_BETWEEN = re.compile(r"[,;、]\s*(?=[-*•(\s]*[A-Z]\b)")
# Where letters run out: the option's own number, a sign, the text if any with a sign after it, and the number said.
_NUMBERED = re.compile(
    r"(?:[-*•]\s+)?\**\(?(\d{1,3})\)?\**\s*[.:)]\s*(?:([^\W\d_].*?)\s*[.:=-]\s*)?\**(\d{1,3}(?:\.\d+)?)\**\s*(?:%|人|名|명)?[,;.]?"
)
_BETWEEN_NUMBERED = re.compile(r"[,;、]\s*(?=[-*•(\s]*\d{1,3}\s*[.:)])")


def verbalised_scores(
    model: LanguageModel, prompts: Sequence[JudgePrompt], labels: tuple[str, ...]
) -> Sequence[OptionScores | None]:
    """For each prompt the shares that the model says, as logarithms in label order; None where they cannot be read.

    One answer is generated for each prompt, greedily. Raises :class:`ModelError` for a model that does not generate
    text.
    """
    written = verbalised_answers(model, prompts, len(labels))
    return [_by_label(one.text, prompt, labels) for one, prompt in zip(written, prompts, strict=True)]


def verbalised_answers(model: LanguageModel, prompts: Sequence[JudgePrompt], options: int) -> list[Written]:
    """What the model says to each prompt about so many options; errors as :func:`verbalised_scores` has them."""
    if not model.capabilities.generate:
        raise ModelError(f"{model.name} does not generate text", hint="use --answers letters, or another model")
    most = most_new_tokens(model, options)
    return in_order(model.write([prompt.text for prompt in prompts], max_new_tokens=most), len(prompts), model.name)


def most_new_tokens(model: LanguageModel, options: int) -> int:
    """The most new tokens of one answer about so many options: the model's own limit, or more where options are many.

    >>> from labeldist.models.scripted import Scripted
    >>> most_new_tokens(Scripted(), 3), most_new_tokens(Scripted(), 20)
    (256, 480)
    """
    return max(model.max_new_tokens, NEW_TOKENS_PER_OPTION * options)


def read_shares(answer: str, options: Sequence[str]) -> tuple[float, ...] | None:
    """The share of each option in an answer such as ``A: 70, B: 20, C: 10``; None where it is not exactly that.

    Each option stands once, on a line of its own or after a comma, as its letter, its text if any (it must be the
    option's own), and a number; the numbers are a hundred together, give or take rounding. Nothing else may be there.

    >>> read_shares("A. Entailment: 70%\\nB: 20\\nC: 10", ["Entailment", "Neutral", "Contradiction"])
    (0.7, 0.2, 0.1)
    >>> read_shares("Mostly A, say 70", ["Entailment", "Neutral"])
    """
    names = option_names(len(options))
    form, between = (_LINE, _BETWEEN) if names[0] in LETTERS else (_NUMBERED, _BETWEEN_NUMBERED)
    answer = unicodedata.normalize("NFKC", answer)  # Chinese has colons and per cents of its own
    options = [unicodedata.normalize("NFKC", option) for option in options]
    pieces = [" ".join(piece.split()) for line in answer.splitlines() for piece in between.split(line)]
    found: dict[int, float] = {}
    for piece in filter(None, pieces):
        if len(piece) > LONGEST_LINE:
            return None
        match = form.fullmatch(_without_number(piece, names, options))
        if match is None:
            return None
        name, text, number = match.groups()
        place = names.index(name) if name in names else len(options)
        if (
            place >= len(options)
            or place in found
            or (text or "").strip(" .:*").lower() not in ("", options[place].lower())
        ):
            return None
        found[place] = float(number)
    total = sum(found.values())
    if len(found) != len(options) or abs(total - ANNOTATORS) > ROUNDING:
        return None
    return tuple(found[place] / total for place in range(len(options)))


def _without_number(piece: str, names: Sequence[str], options: Sequence[str]) -> str:
    """The piece without the option's text where that is a number, which could not be told from the number said.

    >>> _without_number("B. -4: 30", ["A", "B"], ["-5", "-4"]), _without_number("B: 4", ["A", "B"], ["5", "4"])
    ('B: 30', 'B: 4')
    """
    for name, option in zip(names, options, strict=True):
        if option[:1].isalpha():
            continue
        found = re.fullmatch(rf"{re.escape(name)}\s*[.:)]\s*{re.escape(option)}(?:\s*[:=]\s*|\s*[.)]?\s+)(\d.*)", piece)
        if found is not None:
            return f"{name}: {found[1]}"
    return piece


def _by_label(answer: str, prompt: JudgePrompt, labels: tuple[str, ...]) -> OptionScores | None:
    """What the answer says, from the order of the options to label order."""
    shares = read_shares(answer, prompt.options)
    if shares is None:
        return None
    names = option_names(len(labels))
    places = [names.index(spellings[0]) for spellings in prompt.answers]
    return OptionScores(
        labels, tuple(math.log(shares[at]) if shares[at] else -math.inf for at in places), 0.0, raw=False
    )
