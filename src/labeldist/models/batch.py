"""Questions in batches: answered within a day, at many providers for half the price, or by hand from file to file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, NamedTuple, Protocol, runtime_checkable

from labeldist.core.errors import UnavailableError

# What is added to the name of a model whose answers came in batches, where calls are counted: they have a price of
# their own.
IN_BATCHES = "(in batches)"
State = Literal["asked", "good", "failed", "refused"]
Reserved = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Batch:
    """How questions go in batches: through the server's own batch endpoint, or by hand.

    ``file``: where to write the questions, for whatever answers batch files. ``results``: files of answers. Either of
    them means by hand: nothing is then asked of the server.
    """

    file: Path | None = None
    results: tuple[Path, ...] = ()

    @property
    def by_hand(self) -> bool:
        """Whether files are all there is, and no server."""
        return self.file is not None or bool(self.results)


class Asked(NamedTuple):
    """A question for a batch: its key, the model and path that it is for, its line of the file, what it may take."""

    key: str
    model: str
    path: str
    line: bytes
    reserved: Reserved


class Outcome(NamedTuple):
    """What is known of a question: ``asked`` and not answered yet, a ``good`` answer, or why there is none.

    ``failed``: it may be answered next time; ``refused``: it would be refused again. ``tries``: how often it failed.
    ``reserved``: of the budget; None of what was asked by hand.
    """

    state: State
    answer: bytes
    reason: str
    tries: int
    reserved: Reserved | None


class Result(NamedTuple):
    """A line of a file of results: whose it is, and an answer or why there is none.

    ``state``: as of an :class:`Outcome`. ``mark``: tells whether two answers are the same.
    """

    key: str
    state: State
    answer: bytes = b""
    reason: str = ""
    mark: bytes = b""


class Desk(Protocol):
    """Where questions are put down until they are answered."""

    def outcome(self, key: str) -> Outcome | None:
        """What is known of the question; None where it was not asked."""

    def is_collected(self, key: str) -> bool:
        """Whether it is among those that will be asked next."""

    def collect(self, asked: Asked) -> None:
        """Put it among those."""

    def fail(self, key: str, reason: str, state: State) -> None:
        """Its answer is of no use."""

    def taken(self, keys: list[str]) -> None:
        """Their answers are in the store."""


class Progress(NamedTuple):
    """How far a provider is with a batch. ``answered`` and ``failed``: lines; ``outputs``: the files with results."""

    status: str
    answered: int
    failed: int
    outputs: tuple[str, ...]
    errors: str = ""
    over_limit: bool = False

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ("completed", "failed", "expired", "cancelled")


class Carrier(Protocol):
    """The way to a provider's batches."""

    def upload(self, name: str, content: IO[bytes]) -> str:
        """The provider's id of the file."""

    def create(self, file_id: str, path: str, name: str, *, perhaps_made: bool) -> str:
        """The provider's id of a batch over that file; ``perhaps_made``: look first whether there is one already."""

    def progress(self, batch_id: str) -> Progress:
        """How far it is."""

    def lines(self, file_id: str) -> Iterator[bytes]:
        """The lines of a file of results."""


@runtime_checkable
class Batched(Protocol):
    """A model whose questions go in batches."""

    batch: Batch

    @property
    def name(self) -> str:
        """The name by which it was opened."""

    @property
    def over(self) -> UnavailableError | None:
        """Why no more is collected: the budget is spent."""

    def attach(self, desk: Desk) -> None:
        """Ask and answer there from now on."""

    def gather(self, on: bool) -> None:
        """Whether what is not known is collected (and not answered yet), or an error."""

    def recall(self, reserved: Reserved) -> None:
        """An earlier command has asked something that is not answered yet: it belongs to this one's budget."""

    def give_back(self, reserved: Reserved) -> None:
        """What was reserved for a question that was not answered."""

    def result(self, line: bytes) -> Result | None:
        """What a line of results says; None where it answers no question of labeldist."""

    def carrier(self) -> Carrier:
        """The way to its provider."""
