"""Files that appear whole or not at all; what is no file, such as a pipe, is written into."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from labeldist.core.errors import LabeldistError
from labeldist.datasets.locks import try_lock

# Told the file and the SHA-256 of its content before it appears under its name.
Note = Callable[[Path, str], None]
PART = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{12}\.part", re.DOTALL)
DESCRIPTORS = ("/dev/fd", "/proc/self/fd")
MOST_LINKS = 40


@contextmanager
def whole_file(path: Path, note: Note | None = None) -> Iterator[io.BufferedWriter]:
    """A file that becomes ``path`` at the end: written beside it under another name, synced, and renamed.

    Where ``path`` is a link, the file that it leads to is replaced, and a file that is replaced hands its mode on. A
    device, a pipe, or a descriptor (``/dev/stdout``) is written into. What a killed process had begun to write under
    this name is removed. Raises :class:`LabeldistError` naming ``path`` where the system refuses.
    """
    with naming_errors(path):
        place = _place(path)
        found = None if isinstance(place, int) else _status(place)
        if isinstance(place, int) or (found is not None and not stat.S_ISREG(found.st_mode)):
            file = _Written(_opened_into(place), path)
            part = None
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            remove_dead_parts(place.parent, place.name)
            mode = None if found is None else _kept_mode(place, found)
            part, file = _begun(place, path, mode)
    try:
        yield file
        file.flush()
        if part is not None and not isinstance(place, int):
            with naming_errors(path):
                os.fsync(file.fileno())
                if mode is not None:
                    part.chmod(mode)
            if note is not None:
                note(path, file.digest())
            if os.name == "nt":  # elsewhere the file stays open until it has its name: it is locked as long as that
                file.close()
            with naming_errors(path):
                part.replace(place)
    finally:
        with suppress(OSError, LabeldistError):  # after a failure what is left cannot be written either
            file.close()
        if part is not None:
            part.unlink(missing_ok=True)


@contextmanager
def naming_errors(path: Path) -> Iterator[None]:
    """Errors of the system in writing ``path`` as one that names it."""
    try:
        yield
    except OSError as error:
        raise _refused(path, error) from error


def is_special(path: Path) -> bool:
    """Whether ``path`` is something to write into, such as a pipe or ``/dev/stdout``, and no file to replace."""
    try:
        place = _place(path)
        found = None if isinstance(place, int) else _status(place)
    except (OSError, ValueError):
        return False
    return isinstance(place, int) or (
        found is not None and not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode)
    )


def remove_dead_parts(folder: Path, name: str | None = None) -> None:
    """Remove what killed processes had begun to write in ``folder`` (as ``name``): what nobody has locked any more."""
    for file in list(folder.iterdir()):
        known = PART.fullmatch(file.name)
        if known is None or (name is not None and known["name"] != name):
            continue
        with suppress(OSError), try_lock(file, os.O_RDONLY) as held:
            if held:
                file.unlink()


class _Written(io.BufferedWriter):
    """A file that is hashed as it is written, and whose errors name it."""

    def __init__(self, raw: io.FileIO, path: Path) -> None:
        super().__init__(raw)
        self._path = path
        self._hash = hashlib.sha256()

    def write(self, data: Any) -> int:
        self._hash.update(data)
        try:  # no naming_errors: this is called for each row
            return super().write(data)
        except OSError as error:
            raise _refused(self._path, error) from error

    def flush(self) -> None:
        with naming_errors(self._path):
            super().flush()

    def digest(self) -> str:
        return self._hash.hexdigest()


def _place(path: Path) -> Path | int:
    """Where links lead to: a path that is none, or a descriptor of this process."""
    for _ in range(MOST_LINKS):
        if str(path.parent) in DESCRIPTORS and path.name.isdecimal():
            return int(path.name)
        if not path.is_symlink():
            return path
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _opened_into(place: Path | int) -> io.FileIO:
    # A descriptor is shared, not opened anew, so that what is printed later comes behind what is written now.
    if isinstance(place, int):
        return io.FileIO(os.dup(place), "wb")
    if place.is_block_device():
        raise OSError(errno.EINVAL, "a block device")
    return io.FileIO(os.open(place, os.O_WRONLY | os.O_CLOEXEC), "wb")


def _kept_mode(place: Path, found: os.stat_result) -> int:
    """The mode that a replaced file hands on; :class:`OSError` where it may not be written."""
    if not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return stat.S_IMODE(found.st_mode) & 0o777


def _begun(place: Path, path: Path, mode: int | None) -> tuple[Path, _Written]:
    """A new file beside ``place``, locked for as long as it is open."""
    while True:
        part = place.with_name(f".{place.name}.{secrets.token_hex(6)}.part")
        # Not for a moment may more people read it than may read what it replaces.
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666 if mode is None else mode)
        file = _Written(io.FileIO(descriptor, "wb"), path)
        if _lock_new(file):
            return part, file
        file.close()


def _lock_new(file: io.BufferedWriter) -> bool:
    """Lock a new file; False where another process took it for a dead one's before that, and removed it."""
    try:
        import fcntl
    except ImportError:
        return True
    with suppress(OSError):  # a file system without locks: there nothing is ever taken for a dead one's
        fcntl.flock(file, fcntl.LOCK_EX)
    return os.fstat(file.fileno()).st_nlink > 0


def _refused(path: Path, error: OSError) -> LabeldistError:
    return LabeldistError(f"cannot write {path}: {error.strerror or error}")
