"""The folder of a run, a training or an experiment: one process at a time, and nobody else's files touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from labeldist.core.errors import StoreError, UsageError
from labeldist.datasets.locks import lock
from labeldist.datasets.whole import PART, naming_errors, remove_dead_parts
from labeldist.runs.inputs import refuse_overwritten
from labeldist.runs.own import OwnFiles, moved_aside

STORE_NAME = "run.sqlite"
ABOUT = "about.json"
EXPLANATIONS = "explanations.jsonl"
EVALUATION = "evaluation.json"
EVALUATION_TABLE = "evaluation.md"
FAILURES = "failures.jsonl"
PATTERNS = (ABOUT, EXPLANATIONS, "mjd.*.jsonl", "posterior*.jsonl", EVALUATION, EVALUATION_TABLE, FAILURES)


@contextmanager
def alone(store: Path) -> Iterator[None]:
    """Hold the right to write beside ``store``; :class:`StoreError` where another process has it.

    The right ends with the process, however that ends.
    """
    with ExitStack() as stack:
        try:
            store.parent.mkdir(parents=True, exist_ok=True)
            held = stack.enter_context(lock(lock_of(store)))
        except OSError as error:
            raise StoreError(f"cannot write beside {store}: {error.strerror}", hint="use another --out") from error
        if not held:
            raise StoreError(
                f"another process is writing beside {store}", hint="wait until it is done, or use another --out"
            )
        yield


@dataclass(frozen=True, slots=True)
class Results:
    """The results in a folder: the list of its ``own`` files, the ``names`` that some work gives its results.

    ``inputs``: what it reads. ``kept``: those of its own files that outlast a new try, such as its settings.
    ``patterns``: how all names look that it may have given in an earlier try.
    """

    own: OwnFiles
    names: Sequence[str]
    inputs: Sequence[Path] = ()
    kept: Sequence[str] = ()
    patterns: Sequence[str] = ("*",)

    def check(self, *, overwrite: bool) -> None:
        """Refuse what cannot be written before anything is asked or paid for; nothing is changed.

        Raises :class:`UsageError` for an input that would be overwritten, for two results of one name, and, unless
        ``overwrite``, for files under the names of results that are not as labeldist wrote them.
        """
        folder = self.own.listed.parent
        twice = [name for name, count in Counter(map(str.casefold, self.names)).items() if count > 1]
        if twice:
            raise UsageError(f"two results would be called {twice[0]}", hint="rename a group of annotators")
        own, others = self.own.parted(self.names, self.patterns)
        refuse_overwritten(folder, [self.own.listed, *own, *others], self.inputs)
        if others and not overwrite:
            told = ", ".join(file.name for file in others)
            raise UsageError(
                f"{folder} has files that labeldist did not write, or that were changed since: {told}",
                hint="use another --out, or --overwrite, which moves them aside (NAME.kept-1)",
            )

    def clear(self) -> list[str]:
        """Remove what an earlier try wrote, and move aside what is in the place of results; returns what to know of it.

        So results of different settings never lie side by side. Nothing that was paid for is lost: every finished model
        call is in the store.
        """
        own, others = self.own.parted(self.names, self.patterns)
        for file in own:
            if file.name not in self.kept:
                with naming_errors(file):
                    file.unlink(missing_ok=True)
        moved = [(file, moved_aside(file)) for file in others]
        remove_dead_parts(self.own.listed.parent)
        self.own.settle()
        return [
            f"{file.name}, which labeldist did not write or which was changed since, is now {kept.name}"
            for file, kept in moved
        ]


def is_fresh(store: Path) -> bool:
    """Whether there is nothing beside ``store`` but what comes before a first result: lock, list, a file begun."""
    before, folder = {lock_of(store).name, own_files(store).listed.name}, store.parent
    return not folder.exists() or all(file.name in before or PART.fullmatch(file.name) for file in folder.iterdir())


def own_files(store: Path) -> OwnFiles:
    """The list of what was written beside ``store``.

    >>> str(own_files(Path("out/run.sqlite")).listed)
    'out/.run.files'
    """
    return OwnFiles(store.with_name(f".{store.stem}.files"))


def lock_of(store: Path) -> Path:
    """The lock of whoever writes beside ``store``."""
    return store.with_name(f".{store.stem}.lock")
