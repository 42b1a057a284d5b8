"""What a language model is to labeldist: questions in, scores of their answers out; prompts in, texts out."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from labeldist.core.errors import ModelError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a backend can do; what it cannot is refused with a clear message, never approximated.

    ``at_once``: how many calls of its methods may be under way at a time, from several threads. ``scores``: how well
    the scores of answers are known: ``exact``, ``top`` (as far as the likeliest tokens go) or ``sampled:N`` (N drawn
    answers). ``notes``: what else to know of its answers.
    """

    generate: bool = True
    raw_logits: bool = True
    at_once: int = 1
    scores: str = "exact"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, and for each option the spellings with which an answer that means it begins."""

    prompt: str
    answers: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class AnswerScores:
    """What a model says of the K options of one question.

    ``logits`` (K,): log of the summed exponentials of the logits of the tokens that begin an option's spellings
    (of log-probabilities where the backend has no raw logits; ``log_total`` is then 0). ``likeliest`` (K,): the
    largest of these tokens alone. ``log_total``: log-sum-exp over the whole vocabulary. ``unlisted``: for how many
    options the backend knows an upper bound only, which then stands for the score. ``most`` (K,): the most that each
    option could have, in the same terms as ``logits``; empty where the logits are exact, or nothing tells. Where a
    server lists the likeliest tokens only, what is not listed is at most as likely as the least of them, one token more
    for each spelling, and all together at most what is left of 1; mass that may belong to one option or another counts
    for each of them.
    """

    logits: tuple[float, ...]
    likeliest: tuple[float, ...]
    log_total: float
    prompt_tokens: int
    new_tokens: int = 0
    unlisted: int = 0
    most: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A text that a model wrote; tokens as the model counts them."""

    text: str
    prompt_tokens: int
    new_tokens: int


class NotYetError(ModelError):
    """It will be answered, but not now: the question goes in a batch."""


class UnansweredError(ModelError):
    """Some of what was asked could not be answered, and all else was. ``errors``: why, by the place in what was asked.

    >>> print(UnansweredError({2: ModelError("too long"), 5: ModelError("refused")}))
    too long; 1 more failed
    """

    def __init__(self, errors: Mapping[int, ModelError]) -> None:
        self.errors = dict(errors)
        first = next(iter(self.errors.values()))
        more = f"; {len(self.errors) - 1:,} more failed" if len(self.errors) > 1 else ""
        super().__init__(first.message + more, hint=first.hint)

    @property
    def not_yet(self) -> bool:
        """Whether some will be answered later."""
        return any(isinstance(one, NotYetError) for one in self.errors.values())


class Enough(Exception):  # noqa: N818 (it asks for something, and tells of no error)
    """Thrown into a generator of portions: begin nothing more, give what is under way, and end.

    One that does not know it ends at once, which is right where nothing is under way between portions.
    """


@runtime_checkable
class Stoppable(Protocol):
    """A model whose calls wait for somebody else, and can be told not to."""

    def stop(self, *, at_once: bool = False) -> None:
        """End the calls that are under way when what has been asked is answered, or ``at_once``.

        They raise :class:`~labeldist.core.errors.UnavailableError`; later calls are answered as ever.
        """


@runtime_checkable
class PaidApart(Protocol):
    """A model whose answers have another price than those of the same model otherwise."""

    @property
    def paid_as(self) -> str:
        """What to add to its name where calls are counted."""


class LanguageModel(Protocol):
    """The seam between labeldist and any language model.

    Both ways of asking give *portions*: answers by the place of what was asked, each as soon as the model has it,
    in any order, so that what was paid for can be kept at once. What could not be answered is raised when all else
    has been given: a :class:`~labeldist.core.errors.ModelError` where it lies in what was asked, an
    :class:`~labeldist.core.errors.UnavailableError` where the model is of no use any more.

    Rendering and tokenizing are the backend's own. The scores of a question must not depend (beyond 1e-4 in a logit)
    on what else is asked in the same call: runs that resume batch differently and must end with the same results.
    """

    @property
    def name(self) -> str:
        """The name by which the model was opened."""

    @property
    def revision(self) -> str:
        """Identifies the exact weights and settings that answers depend on; part of every cache key."""

    @property
    def answer_style(self) -> str:
        """How the model answers multiple-choice prompts best: ``letters`` or ``words``."""

    @property
    def transform(self) -> str:
        """The transform of its logits to use by default, for instance ``softmax:20``."""

    @property
    def max_new_tokens(self) -> int:
        """The longest answer to generate by default, in tokens: four explanations must fit into its context."""

    @property
    def capabilities(self) -> Capabilities:
        """What the backend can do."""

    def answer_scores(self, questions: Sequence[Question]) -> Iterator[Mapping[int, AnswerScores]]:
        """How likely the answer to each question begins with each option; nothing is generated."""

    def write(
        self, prompts: Sequence[str], *, max_new_tokens: int, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[Mapping[int, Written]]:
        """The model's reply to each prompt; greedy at temperature 0, repeatable for a seed."""


def in_order(portions: Iterator[Mapping[int, T]], count: int, name: str) -> list[T]:
    """The ``count`` answers that the portions of model ``name`` give, in the order of what was asked.

    Raises :class:`ModelError` where some are missing.

    >>> in_order(iter([{1: "b"}, {0: "a"}]), 2, "scripted")
    ['a', 'b']
    """
    found: dict[int, T] = {}
    try:
        for portion in portions:
            found.update(portion)
    finally:
        if isinstance(portions, Generator):  # an error of ours leaves it waiting for more
            portions.close()
    if found.keys() != set(range(count)):
        raise ModelError(f"{name} returned {len(found)} answers to {count} prompts")
    return [found[at] for at in range(count)]
