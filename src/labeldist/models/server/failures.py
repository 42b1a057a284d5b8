"""What a request can end in, beside an answer."""

from __future__ import annotations

from labeldist.core.errors import UnavailableError


class PassingError(Exception):
    """A failure that may be over soon: the same request can be made again.

    ``overload``: it says that the server has too much to do. ``after``: seconds that the server asks to wait.
    ``computed``: the server may have computed an answer, and charge for it.
    """

    def __init__(self, reason: str, *, overload: bool, after: float | None = None, computed: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.overload = overload
        self.after = after
        self.computed = computed


class NotThereError(UnavailableError):
    """The server does not know the address or the model."""


class MalformedError(Exception):
    """An answer that lacks what was asked for, or has it in another shape; the text says what is wrong."""
