"""The folder of a run, a training or an experiment: one process at a time, and nobody else's files touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from labeldist.core.errors import StoreError, UsageError
from labeldist.datasets.locks import lock
from labeldist.datasets.whole import naming_errors, remove_dead_parts
from labeldist.run.inputs import refuse_overwritten
from labeldist.run.own import OwnFiles, moved_aside

STORE_NAME = "run.sqlite"
EXPLANATIONS = "explanations.jsonl"
EVALUATION = "evaluation.json"
EVALUATION_TABLE = "evaluation.md"
FAILURES = "failures.jsonl"


@contextmanager
def alone(store: Path) -> Iterator[None]:
    """Hold the right to write beside ``store``; :class:`StoreError` where another process has it.

    The right ends with the process, however that ends.
    """
    with ExitStack() as stack:
        try:
            store.parent.mkdir(parents=True, exist_ok=True)
            held = stack.enter_context(lock(store.with_name(f".{store.stem}.lock")))
        except OSError as error:
            raise StoreError(f"cannot write beside {store}: {error.strerror}", hint="use another --out") from error
        if not held:
            raise StoreError(
                f"another process is writing beside {store}", hint="wait until it is done, or use another --out"
            )
        yield


@dataclass(frozen=True, slots=True)
class Results:
    """The results in the folder of ``store``: the ``names`` that some work gives them, and what it reads (``inputs``).

    What it wrote is listed beside the store (:class:`~labeldist.run.own.OwnFiles`).
    """

    store: Path
    names: Sequence[str]
    inputs: Sequence[Path] = ()

    @property
    def own(self) -> OwnFiles:
        """The list of what was written."""
        return own_files(self.store)

    def check(self, *, overwrite: bool) -> None:
        """Refuse what cannot be written before anything is asked or paid for; nothing is changed.

        Raises :class:`UsageError` for an input that would be overwritten, for two results of one name, and, unless
        ``overwrite``, where there are files under the names of results that are not as labeldist wrote them. Raises
        :class:`StoreError` where another process is at work in the folder.
        """
        folder = self.store.parent
        twice = {name for name in self.names if sum(name.lower() == other.lower() for other in self.names) > 1}
        if twice:
            raise UsageError(f"two results would be called {min(twice)}", hint="rename a group of annotators")
        with alone(self.store) if self.own.listed.exists() else nullcontext():
            own, others = self.own.parted(self.names)
        refuse_overwritten(folder, [self.store, *own, *others], self.inputs)
        if others and not overwrite:
            raise UsageError(
                f"{folder} has files that labeldist did not write, or that were changed since: {_named(others)}",
                hint="use another --out, or --overwrite, which moves them aside (NAME.kept-1)",
            )

    def clear(self) -> list[str]:
        """Remove what an earlier try wrote, and move aside what is in the place of results; returns what to know of it.

        So results of different settings never lie side by side. Nothing that was paid for is lost: every finished model
        call is in the store.
        """
        own, others = self.own.parted(self.names)
        for file in own:
            with naming_errors(file):
                file.unlink(missing_ok=True)
        kept = [moved_aside(file) for file in others]
        remove_dead_parts(self.store.parent)
        self.own.settle()
        return [f"moved aside, since labeldist did not write it or it was changed since: {file}" for file in kept]


def own_files(store: Path) -> OwnFiles:
    """The list of what was written beside ``store``.

    >>> str(own_files(Path("out/run.sqlite")).listed)
    'out/.run.files'
    """
    return OwnFiles(store.with_name(f".{store.stem}.files"))


def _named(files: Iterable[Path]) -> str:
    return ", ".join(file.name for file in files)
