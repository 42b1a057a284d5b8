"""Files by which processes keep each other out: empty, and never anything else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labeldist.core.errors import StoreError

# Links are not followed and pipes not waited for, whatever somebody put in the place of a lock.
CAREFULLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


@contextmanager
def lock(file: Path) -> Iterator[bool]:
    """Hold the lock ``file``, which is made where there is none, as long as this lasts; False where another has it.

    The lock ends with the process, however that ends; the empty file stays. Raises :class:`StoreError` where something
    else is in its place, which is not touched, and :class:`OSError` where no file can be made there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, lock(Path(folder) / ".run.lock") as first:
    ...     with lock(Path(folder) / ".run.lock") as second:
    ...         first, second
    (True, False)
    """
    if file.is_symlink() or (file.exists() and not _is_lock(file.stat())):
        raise StoreError(
            f"{file} is there, and is no lock, which is an empty file", hint="move it away, or use another --out"
        )
    with try_lock(file, os.O_RDWR | os.O_CREAT) as held:
        yield held


@contextmanager
def try_lock(file: Path, flags: int) -> Iterator[bool]:
    """Open ``file``, which is read or changed in no way, and lock it; False where another process has it locked.

    Where the system has no such locks (Windows), nobody is kept out by ``lock``, and nothing else can be locked.
    """
    try:
        import fcntl
    except ImportError:
        yield bool(flags & os.O_CREAT)
        return
    descriptor = os.open(file, flags | CAREFULLY, 0o666)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)


def _is_lock(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_size == 0
