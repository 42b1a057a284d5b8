"""SIGINT and SIGTERM for the command: the first ends it in order, the second at once, and neither with a traceback.

In order means: a KeyboardInterrupt in the main thread, after which what is under way is waited for and kept (see
:mod:`labeldist.calls.recorded`). A thread watches whether that comes to an end, since a library that computes hears
nothing meanwhile, and another may swallow the exception. Where Python itself must swallow it, in what is called when an
object goes, it is raised again.

Nothing but the standard library is imported here: it is in place before anything else of labeldist is.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from labeldist.core.interrupt import GRACE

MESSAGE = "interrupted; what was done is kept, the same command goes on from there"
NUMBERS = (signal.SIGINT, signal.SIGTERM)
LOOK = 0.05  # seconds between looks for an interrupt that was swallowed
CLOSING = 2.0  # seconds for files to be closed, after what was under way
SHOW_CURSOR = "\x1b[?25h"  # a progress bar hides it


class _State:
    """What this process knows of signals: there is one of it, as there is of them."""

    received: int | None = None
    swallowed = False
    working = False
    installed = False


def install() -> None:
    """From now on the two signals end the command as said above; one that was ignored on purpose still is."""
    numbers = [number for number in NUMBERS if signal.getsignal(number) is not signal.SIG_IGN]
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    _State.installed = True
    sys.unraisablehook = _unraisable
    threading.Thread(target=_watch, args=(ours, theirs, set(numbers)), daemon=True).start()
    for number in numbers:
        signal.signal(number, _received)


@contextmanager
def ended_in_order(ended: type[BaseException]) -> Iterator[None]:
    """The work of the command; whatever comes of it after a signal is ``ended``: libraries turn one into all sorts."""
    _State.working = True
    try:
        yield
    except BaseException:
        if _State.received is None:
            raise
        raise ended from None
    finally:
        _State.working = False


def status() -> int:
    """The exit status of a command that was interrupted: 130, or 143 for SIGTERM."""
    return 128 + (_State.received or signal.SIGINT)


def leave(code: int) -> NoReturn:
    """End the process; after a signal without waiting for any thread."""
    if _State.received is not None:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    if _State.installed:  # what comes now ends it without a word
        for number in NUMBERS:
            if signal.getsignal(number) is _received:
                signal.signal(number, signal.SIG_DFL)
    sys.exit(code)


def _received(number: int, frame: FrameType | None) -> None:
    """In the main thread, when it is in Python."""
    if _State.received is None or not _State.working:
        _State.received = number
    if not _State.working:
        _at_once()
    raise KeyboardInterrupt


def _watch(ours: socket.socket, theirs: socket.socket, numbers: set[int]) -> None:
    """In a thread of its own: the second signal, or too long a time after the first, is the end."""
    while True:
        [number] = ours.recv(1)
        if number in numbers:
            _State.received = _State.received or number
            break
    end = time.monotonic() + GRACE + CLOSING
    while (left := end - time.monotonic()) > 0:
        if select.select([ours], [], [], min(left, LOOK))[0] and ours.recv(1)[0] in numbers:
            break
        if _State.swallowed and _State.working:
            _State.swallowed = False
            _raise_again()
    _at_once()


def _unraisable(about: sys.UnraisableHookArgs) -> None:
    """Told of an exception that came where none can go on, such as a callback of a weak reference."""
    if _State.received is not None and issubclass(about.exc_type, KeyboardInterrupt):
        _State.swallowed = True
    else:
        sys.__unraisablehook__(about)


def _raise_again() -> None:
    """KeyboardInterrupt in the main thread; a signal to oneself would count as the second one."""
    import ctypes

    main = ctypes.c_ulong(threading.main_thread().ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(main, ctypes.py_object(KeyboardInterrupt))


def _at_once() -> NoReturn:
    told = f"labeldist: error: {MESSAGE}\n"
    with suppress(OSError):
        os.write(2, ((SHOW_CURSOR if os.isatty(2) else "") + told).encode())
    os._exit(status())
