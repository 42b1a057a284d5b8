"""The files in a folder or a zip file that hold annotations."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from labeldist.core.errors import InputError, Place
from labeldist.datasets.limits import LARGEST_DOCUMENT

DATA = (".jsonl", ".json", ".csv", ".tsv", ".parquet")
STATE = "user_state.json"  # where Potato keeps a person's answers; what lies beside is its own
MOST_MEMBERS = 10_000


@contextmanager
def member_files(path: Path) -> Iterator[Iterable[tuple[str, Path]]]:
    """(name, file) of each file of data in a folder or a zip file, by name; one after another, as they are asked for.

    Raises :class:`InputError` for a zip file that is damaged, locked, or grows too large.
    """
    if path.is_dir():
        names = sorted(file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file())
        yield [(name, path / name) for name in _of_data(names)]
        return
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            sizes = {info.filename: info.file_size for info in archive.infolist() if not info.is_dir()}
            names = _of_data(sorted(sizes))
            if sum(sizes[name] for name in names) > LARGEST_DOCUMENT:
                expected = f"at most {LARGEST_DOCUMENT:,} bytes, unzipped"
                raise InputError("a zip file that grows too large", expected=expected, place=Place(path))
            yield _unzipped(archive, names, Path(folder))
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        expected = "one that is whole, and without a password"
        raise InputError(f"a zip file that cannot be read ({error})", expected=expected, place=Place(path)) from error


def _unzipped(archive: zipfile.ZipFile, names: list[str], folder: Path) -> Iterator[tuple[str, Path]]:
    for number, name in enumerate(names):
        file = (
            folder / f"{number}{PurePosixPath(name).suffix.lower()}"
        )  # never the name in the archive: it may be ../..
        with archive.open(name) as packed, file.open("wb") as out:
            while block := packed.read(1 << 20):
                out.write(block)
        yield name, file
        file.unlink()


def _of_data(names: list[str]) -> list[str]:
    shown = [
        name for name in names if not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
    ]
    states = [name for name in shown if PurePosixPath(name).name == STATE]
    return (states or [name for name in shown if name.lower().endswith(DATA)])[:MOST_MEMBERS]
