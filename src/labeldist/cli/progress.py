"""Progress on standard error: a bar per stage on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from labeldist.cli.printing import tell_line
from labeldist.core.visible import visible
from labeldist.runs.stage_report import Progress

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """A progress function to give to stages."""
    if not sys.stderr.isatty():
        yield _lines()
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

        def advance(stage: str, items: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(visible(stage), total=total)
            bars.advance(tasks[stage], items)

        yield advance


def _lines() -> Progress:
    done: dict[str, int] = {}
    told = [time.monotonic()]

    def advance(stage: str, items: int, total: int | None) -> None:
        done[stage] = done.get(stage, 0) + items
        if done[stage] == total or time.monotonic() - told[0] >= SECONDS_BETWEEN_LINES:
            told[0] = time.monotonic()
            tell_line(f"{stage}: {done[stage]:,}" + ("" if total is None else f" of {total:,}"))

    return advance


def shown_bytes() -> Callable[[str, int, int | None], None]:
    """A progress function for transfers: address, bytes so far, bytes in all (None: not known)."""
    advance = _lines()
    before: dict[str, int] = {}

    def told(address: str, done: int, total: int | None) -> None:
        advance(f"{address}, bytes", done - before.get(address, 0), total)
        before[address] = done

    return told
