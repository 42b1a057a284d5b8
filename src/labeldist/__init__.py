"""labeldist: the distribution of human judgments for each item, from a few labels and a language model."""

TYPE_CHECKING = False  # as in typing, whose import is a third of the time before an interrupt can be understood
if TYPE_CHECKING:
    from typing import Any

__version__ = "0.1.0"
__all__ = ["estimate"]


def __getattr__(name: str) -> "Any":
    """``labeldist.estimate``, imported when first asked for: numpy takes a while, and --help must not."""
    if name == "estimate":
        from labeldist.estimation.estimate import estimate

        return estimate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
