"""labeldist: the distribution of human judgments for each item, from a few labels and whatever else is known of it."""

TYPE_CHECKING = False  # as in typing, whose import is a third of the time before an interrupt can be understood
if TYPE_CHECKING:
    from typing import Any

    from labeldist.api.convert import convert
    from labeldist.api.describe import describe
    from labeldist.api.estimate import estimate
    from labeldist.api.evaluate import evaluate
    from labeldist.api.explain import explain
    from labeldist.api.judge import judge
    from labeldist.api.plan import plan
    from labeldist.api.plot_calibration import plot_calibration
    from labeldist.api.plot_distributions import plot_distributions
    from labeldist.api.plot_learning_curve import plot_learning_curve
    from labeldist.api.plot_triangle import plot_triangle
    from labeldist.api.plot_worth import plot_worth
    from labeldist.api.predict import predict
    from labeldist.api.read import read
    from labeldist.api.report import report
    from labeldist.api.run import run
    from labeldist.api.train import train

__version__ = "0.1.0"
__all__ = [
    "convert",
    "describe",
    "estimate",
    "evaluate",
    "explain",
    "judge",
    "plan",
    "plot_calibration",
    "plot_distributions",
    "plot_learning_curve",
    "plot_triangle",
    "plot_worth",
    "predict",
    "read",
    "report",
    "run",
    "train",
]


def __getattr__(name: str) -> "Any":
    """A verb, imported when it is first asked for: numpy takes a while, and --help must not."""
    if name in __all__:
        from importlib import import_module

        return getattr(import_module(f"labeldist.api.{name}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
