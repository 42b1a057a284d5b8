"""The verbalised judge: the model is asked how many of 100 annotators would choose each option, and says it in words.

Another published way to elicit a distribution (Meister, Guestrin and Hashimoto, 2024, arXiv 2411.05403, there
"verbalize"), for models that give no log-probabilities, and as evidence beside first-token probabilities. Answers are
read strictly: one number for each option, a hundred together; whatever says more or less is not guessed at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labeldist.core.errors import ModelError
from labeldist.core.task import LETTERS
from labeldist.judging.prompts import JudgePrompt, option_names
from labeldist.models.base import LanguageModel, UnansweredError, Written, in_order

STYLE = "verbalised"
REFUSED, PARTIAL = "refused", "partial"
SAMPLING_TEMPERATURE = 1.0
MOST_SAMPLES = 1000  # of one prompt
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


@dataclass(frozen=True, slots=True)
class Said:
    """What a model said to one prompt.

    ``shares``: of each label, in label order; None where they cannot be read. ``unread`` is then why: ``partial``,
    where there is a number for some of the options or the numbers are not a hundred together, or ``refused``, where
    there is none for any of them, whatever else the text says. ``text``: the answer as it was written.
    """

    shares: tuple[float, ...] | None
    text: str
    unread: str = ""


def said_shares(
    model: LanguageModel, prompts: Sequence[JudgePrompt], labels: int, *, samples: int = 1, seed: int = 0
) -> list[tuple[Said, ...]]:
    """For each prompt what the model says of so many labels, ``samples`` times.

    A single answer is the likeliest; several are drawn, each with a seed of its own, so that more of them begin with
    the fewer. Raises :class:`ModelError` for a model that does not generate text.
    """
    answers = written_answers(model, [p.text for p in prompts], most_new_tokens(model, labels), samples, seed)
    return [
        tuple(_said(text, prompt, labels) for text in texts) for texts, prompt in zip(answers, prompts, strict=True)
    ]


def written_answers(
    model: LanguageModel, prompts: Sequence[str], most: int, samples: int = 1, seed: int = 0
) -> list[tuple[str, ...]]:
    """For each prompt the texts of ``samples`` answers of at most so many tokens; errors as for :func:`said_shares`."""
    check_writes(model)
    temperature = SAMPLING_TEMPERATURE if samples > 1 else 0.0
    drawn, waiting = [], None
    for number in range(samples):
        own = seed * MOST_SAMPLES + number
        portions = model.write(prompts, max_new_tokens=most, temperature=temperature, seed=own)
        try:
            drawn.append([one.text for one in in_order(portions, len(prompts), model.name)])
        except UnansweredError as error:
            if not error.not_yet:
                raise
            waiting = error  # the other samples belong in the same batch, which may take a day
    if waiting is not None:
        raise waiting
    return list(zip(*drawn, strict=True))


def check_writes(model: LanguageModel) -> None:
    """Raise :class:`ModelError` where the model does not generate text."""
    if not model.capabilities.generate:
        raise ModelError(f"{model.name} does not generate text", hint="use --answers letters, or another model")


def verbalised_answers(model: LanguageModel, prompts: Sequence[JudgePrompt], options: int) -> list[Written]:
    """What the model says to each prompt about so many options; errors as :func:`said_shares` has them."""
    check_writes(model)
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
    found: dict[int, float] = {}
    for place, number in _numbers(answer, options):
        if place is None or place in found:
            return None
        found[place] = number
    total = sum(found.values())
    if len(found) != len(options) or abs(total - ANNOTATORS) > ROUNDING:
        return None
    return tuple(found[place] / total for place in range(len(options)))


def why_unread(answer: str, options: Sequence[str]) -> str:
    """What an answer is that cannot be read: ``partial``, or ``refused`` where no line has a number for an option.

    >>> why_unread("A: 70\\nI cannot say more.", ["yes", "no"]), why_unread("I cannot say.", ["yes", "no"])
    ('partial', 'refused')
    """
    return PARTIAL if any(place is not None for place, _ in _numbers(answer, options)) else REFUSED


def _numbers(answer: str, options: Sequence[str]) -> Iterator[tuple[int | None, float]]:
    """Of each piece of the answer the place of the option that it has a number for, and the number; None for others."""
    names = option_names(len(options))
    form, between = (_LINE, _BETWEEN) if names[0] in LETTERS else (_NUMBERED, _BETWEEN_NUMBERED)
    answer = unicodedata.normalize("NFKC", answer)  # Chinese has colons and per cents of its own
    options = [unicodedata.normalize("NFKC", option) for option in options]
    pieces = [" ".join(piece.split()) for line in answer.splitlines() for piece in between.split(line)]
    for piece in filter(None, pieces):
        match = form.fullmatch(_without_number(piece, names, options)) if len(piece) <= LONGEST_LINE else None
        name, text, number = match.groups() if match else ("", "", "0")
        place = names.index(name) if name in names else len(options)
        own = place < len(options) and (text or "").strip(" .:*").lower() in ("", options[place].lower())
        yield (place if own else None), float(number)


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


def _said(answer: str, prompt: JudgePrompt, labels: int) -> Said:
    """What the answer says, from the order of the options to label order."""
    shares = read_shares(answer, prompt.options)
    if shares is None:
        return Said(None, answer, why_unread(answer, prompt.options))
    names = option_names(labels)
    return Said(tuple(shares[names.index(spellings[0])] for spellings in prompt.answers), answer)
