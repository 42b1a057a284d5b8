"""Progress on standard error: a bar per stage on a terminal, a line every ten seconds or so elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from labeldist.cli.printing import tell_line
from labeldist.core.visible import visible
from labeldist.runs.stage_report import Progress

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """A progress function to give to stages. Within, something is heard at least every ten seconds or so."""
    if not sys.stderr.isatty():
        lines = _Lines()
        with _every(SECONDS_BETWEEN_LINES / 4, lines.still_at_work):
            yield lines.advance
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(file=sys.stderr, markup=False, emoji=False)) as bars:
        tasks: dict[str, TaskID] = {}
        begun = bars.add_task("at work", total=None)  # until the first results

        def advance(stage: str, items: int, total: int | None) -> None:
            bars.update(begun, visible=False)
            if stage not in tasks:
                tasks[stage] = bars.add_task(visible(stage), total=total)
            bars.advance(tasks[stage], items)

        yield advance


class _Lines:
    """How far each stage is, and that it is still at work where it is no further for long."""

    def __init__(self) -> None:
        self._done: dict[str, int] = {}
        self._last = ""
        self._begun = self._told = time.monotonic()

    def advance(self, stage: str, items: int, total: int | None) -> None:
        self._done[stage] = self._done.get(stage, 0) + items
        self._last = f"{stage}: {self._done[stage]:,}" + ("" if total is None else f" of {total:,}")
        if self._done[stage] == total or time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self._tell(self._last)

    def still_at_work(self) -> None:
        """Said where nothing else was for as long: texts of a large model may take minutes."""
        now = time.monotonic()
        if now - self._told >= SECONDS_BETWEEN_LINES:
            self._tell(f"{self._last or 'no result yet'}, at work for {now - self._begun:,.0f} s")

    def _tell(self, line: str) -> None:
        self._told = time.monotonic()
        tell_line(line)


@contextmanager
def _every(seconds: float, act: Callable[[], None]) -> Iterator[None]:
    """Within, ``act`` is called again and again, by a thread of its own."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(seconds):
            act()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(seconds)


def shown_bytes() -> Callable[[str, int, int | None], None]:
    """A progress function for transfers: address, bytes so far, bytes in all (None: not known)."""
    advance = _Lines().advance
    before: dict[str, int] = {}

    def told(address: str, done: int, total: int | None) -> None:
        advance(f"{address}, bytes", done - before.get(address, 0), total)
        before[address] = done

    return told
