"""Which files are labeldist's own: noted by name and hash, in a list beside them, before they appear.

Only a file whose content is on the list is ever replaced or removed; one that somebody else wrote, or changed since, is
refused or moved aside. A process that is killed between the note and the file leaves a note too many, which proves
nothing wrong.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from labeldist.core.errors import LabeldistError, StoreError
from labeldist.datasets.locks import CAREFULLY
from labeldist.datasets.whole import naming_errors, whole_file

LARGEST = 10_000_000  # bytes of a list, which has a line for each file
Hashes = Mapping[str, set[str]]


@dataclass(frozen=True, slots=True)
class OwnFiles:
    """The list ``listed`` of the files in its folder that were written by one kind of work.

    >>> import tempfile
    >>> from labeldist.datasets.files import write_text
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     own = OwnFiles(Path(folder) / ".run.files")
    ...     write_text(Path(folder) / "a.txt", "mine", note=own.note)
    ...     _ = (Path(folder) / "b.txt").write_text("somebody's")
    ...     own.has(Path(folder) / "a.txt"), own.has(Path(folder) / "b.txt")
    (True, False)
    """

    listed: Path

    def note(self, file: Path, digest: str) -> None:
        """Note that ``file`` is about to appear with content of this SHA-256; what is in its place is moved aside.

        Unless it is labeldist's own.
        """
        if is_there(file) and not self.has(file):
            moved_aside(file)
        with naming_errors(self.listed):
            descriptor = os.open(self.listed, os.O_RDWR | os.O_CREAT | os.O_APPEND | CAREFULLY, 0o666)
            with os.fdopen(descriptor, "r+b", buffering=0) as opened:
                size = opened.seek(0, os.SEEK_END)
                opened.seek(max(size - 1, 0))
                begun = opened.read(1) not in (b"", b"\n")  # cut off where the power went
                opened.write(begun * b"\n" + _line(file.name, digest))
                os.fsync(descriptor)

    def hashes(self) -> Hashes:
        """What was noted, by name; :class:`StoreError` where something else is in the place of the list."""
        try:
            descriptor = os.open(self.listed, os.O_RDONLY | CAREFULLY)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):
                raise self._no_list() from error
            raise StoreError(
                f"cannot read {self.listed}: {error.strerror}", hint="make it readable, or use another --out"
            ) from error
        with os.fdopen(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise self._no_list()
            lines = opened.read(LARGEST).split(b"\n")
        known: dict[str, set[str]] = {}
        for number, line in enumerate(lines):
            try:
                entry = json.loads(line)
                known.setdefault(_checked(entry["file"]), set()).add(str(entry["sha256"]))
            except (ValueError, LookupError, TypeError, RecursionError) as error:
                if number == 0 and len(lines) > 1 and line:  # a line without its end is one that was cut off
                    raise self._no_list() from error
        return known

    def has(self, file: Path, known: Hashes | None = None) -> bool:
        """Whether ``file`` is as labeldist wrote it: a file, no link, with content that was noted under its name."""
        hashes = (self.hashes() if known is None else known).get(file.name, set())
        try:
            if not hashes or not stat.S_ISREG(file.lstat().st_mode):
                return False
            with file.open("rb") as opened:
                return hashlib.file_digest(opened, "sha256").hexdigest() in hashes
        except OSError:
            return False

    def parted(self, names: Iterable[str], patterns: Iterable[str] = ("*",)) -> tuple[list[Path], list[Path]]:
        """What is there of the files on the list and of others called ``names``: own files, and those of others.

        ``patterns``: what names the work gives at all; others on the list, whoever put them there, count for nothing.
        """
        known = {name: hashes for name, hashes in self.hashes().items() if any(fnmatchcase(name, p) for p in patterns)}
        files = [self.listed.with_name(name) for name in sorted({*known, *names})]
        there = [file for file in files if is_there(file)]
        own = [file for file in there if self.has(file, known)]
        return own, [file for file in there if file not in own]

    def settle(self) -> None:
        """Shorten the list to a line for each file that is there."""
        lines = []
        for name, hashes in sorted(self.hashes().items()):
            file = self.listed.with_name(name)
            if is_there(file):
                right = hashes if len(hashes) == 1 else {one for one in hashes if self.has(file, {name: {one}})}
                lines += [_line(name, one) for one in right]
        with whole_file(self.listed) as opened:
            opened.writelines(lines)

    def _no_list(self) -> LabeldistError:
        return StoreError(
            f"{self.listed} is no list of files that labeldist wrote", hint="move it away, or use another --out"
        )


def is_there(file: Path) -> bool:
    """Whether something has this name, were it a link that leads nowhere."""
    return file.is_symlink() or file.exists()


def moved_aside(file: Path) -> Path:
    """Give ``file`` the first name ``NAME.kept-N`` that is free, and return it."""
    number = 1
    while is_there(kept := file.with_name(f"{file.name}.kept-{number}")):
        number += 1
    with naming_errors(kept):
        file.rename(kept)
    return kept


def _checked(name: object) -> str:
    """A name on a list; :class:`ValueError` for one that no list of labeldist's has: whoever made it.

    It would lead out of the folder, no file can have it, or it is that of a store, a lock or a list.
    """
    if not isinstance(name, str) or name in ("", ".", "..") or {os.sep, os.altsep, "\0"} & {*name}:
        raise ValueError(name)
    if len(os.fsencode(name)) > 255 or name.startswith(".") or ".sqlite" in name:
        raise ValueError(name)
    return name


def _line(name: str, digest: str) -> bytes:
    return json.dumps({"file": name, "sha256": digest}).encode() + b"\n"
