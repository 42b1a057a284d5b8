"""The one exit for text to a person, and for JSON to a machine; standard error is best effort.

Whatever is printed goes through here (a test looks for other ways), so that no id, file name or server's message acts
on a terminal. What is said on standard error never ends the work; a result that cannot be said does.
"""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any

import click

from labeldist.cli.streams import hold_places
from labeldist.core.errors import LabeldistError
from labeldist.core.visible import visible, visible_json

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment


class OutputError(LabeldistError):
    """Standard output cannot be written."""


class ReaderGoneError(LabeldistError):
    """Whoever read standard output has closed it (``| head``); nobody is there to be told."""


def say(text: str = "", *, bold: bool = False) -> None:
    """A line on standard output."""
    shown = visible(text)
    _out(click.style(shown, bold=True) if bold else shown)


def say_lines(text: str) -> None:
    """A text of several lines on standard output."""
    _out(visible(text, lines=True))


def say_json(value: Mapping[str, Any] | list[Any]) -> None:
    """One JSON value on standard output, exact for machines."""
    _out(visible_json(json.dumps(value, ensure_ascii=False, indent=1, default=str)))


def tell(kind: str, text: str) -> None:
    """A line for the person on standard error: ``labeldist: KIND: text``."""
    _aside(f"labeldist: {kind}: {visible(text)}")


def tell_error(error: LabeldistError) -> None:
    """What went wrong, and what to do, on standard error."""
    tell("error", error.message)
    if error.hint:
        _aside(f"  hint: {visible(error.hint)}")


def tell_usage(error: click.ClickException) -> None:
    """How a command is used, and what was wrong, on standard error."""
    told = io.StringIO()
    error.show(told)
    _aside(visible(told.getvalue().rstrip("\n"), lines=True))


def tell_line(text: str) -> None:
    """A line for the person on standard error as it is: progress, a sum."""
    _aside(visible(text))


def console() -> Console:
    """A console on standard output, for :func:`say_table`."""
    from rich.console import Console

    return Console(file=sys.stdout or io.StringIO(), markup=False, highlight=False, emoji=False)


def say_table(what: RenderableType, on: Console) -> None:
    """A rich text or table on standard output."""
    _complain_on_output(lambda: on.print(_Visible(what)))


class _Visible:
    """A renderable whose texts are visible; its own styles stay."""

    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        from rich.segment import Segment

        for segment in console.render(self._inner, options):
            yield segment if segment.control else Segment(visible(segment.text, lines=True), segment.style)


class BestEffort(io.TextIOBase):
    """Standard error that nobody may read any more: what cannot be written is dropped, never an error."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def buffer(self) -> Any:
        """The bytes below, for those who write these."""
        return self._stream.buffer if self._stream is not None else io.BytesIO()  # type: ignore[attr-defined]

    def writable(self) -> bool:
        """Always, if only to nobody."""
        return True

    def isatty(self) -> bool:
        """Whether a person may be looking."""
        try:
            return self._stream is not None and self._stream.isatty()
        except (OSError, ValueError):
            return False

    def fileno(self) -> int:
        """The stream's; :class:`OSError` where there is none."""
        if self._stream is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return self._stream.fileno()

    def write(self, text: str) -> int:
        """Write what can be written."""
        self._try("write", text)
        return len(text)

    def flush(self) -> None:
        """Flush what can be flushed."""
        self._try("flush")

    def _try(self, what: str, *arguments: str) -> None:
        try:
            if self._stream is not None:
                getattr(self._stream, what)(*arguments)
        except (OSError, ValueError):
            # What lies in its buffer would be tried again at the end of the process, and fail there.
            self._stream = None


class _Told(logging.Handler):
    """What parts that know of no terminal log, such as a long wait for a server, is told as a note."""

    def emit(self, record: logging.LogRecord) -> None:
        tell("note", record.getMessage())


def guard_streams() -> None:
    """Make standard error best effort, hold closed streams' places, and write escapes for what an encoding lacks."""
    hold_places()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if not isinstance(sys.stderr, BestEffort):
        sys.stderr = BestEffort(sys.stderr)
    ours = logging.getLogger("labeldist")
    ours.setLevel(logging.INFO)
    if not ours.handlers:
        ours.addHandler(_Told())


def finish_output() -> None:
    """Write out what standard output still holds; raises as :func:`say`."""
    if sys.stdout is not None:
        _complain_on_output(sys.stdout.flush)


def drop_output() -> None:
    """Give up on standard output, so that the interpreter's own flush at the end does not fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if sys.stdout is not None:
        os.dup2(nowhere, sys.stdout.fileno())


def _out(text: str) -> None:
    if sys.stdout is None:
        raise OutputError("cannot write to standard output: it is closed", hint="give the result a file with --out")
    _complain_on_output(lambda: click.echo(text))


def _complain_on_output(write: Any) -> None:
    try:
        write()
    except BrokenPipeError as error:
        raise ReaderGoneError("standard output was closed by its reader") from error
    except OSError as error:
        raise OutputError(f"cannot write to standard output: {error.strerror or error}") from error


def _aside(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
