"""Where a stage keeps its finished calls: in a file, so that it can be resumed, or for as long as it works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from labeldist.calls.recorded import Recorded
from labeldist.calls.store import Store
from labeldist.core.errors import UsageError
from labeldist.models.base import LanguageModel
from labeldist.models.batch import Batched
from labeldist.runs.folder import alone


@contextmanager
def kept_calls(file: Path | None, model: LanguageModel) -> Iterator[tuple[Store, Recorded]]:
    """The store in ``file``, which nobody else uses meanwhile, and the model that answers from it what it can.

    None: a store that ends with the context.
    """
    with ExitStack() as stack:
        if file is None:
            if isinstance(model, Batched):
                raise UsageError(
                    "questions in batches, and no file that keeps their answers",
                    hint="name one with store='calls.sqlite'",
                )
            file = Path(stack.enter_context(TemporaryDirectory(prefix="labeldist-"))) / "calls.sqlite"
        stack.enter_context(alone(file))
        store = stack.enter_context(Store(file))
        yield store, stack.enter_context(Recorded(model, store))
