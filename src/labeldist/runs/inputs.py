"""What a command reads is never what it writes, whatever links lead there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from labeldist.core.errors import UsageError
from labeldist.datasets.files import is_there
from labeldist.datasets.whole import is_special


def inputs_of(*named: str | None, models: Iterable[str] = ()) -> list[Path]:
    """The files and folders that options name, by themselves or, of ``models``, behind the kind.

    >>> inputs_of("nowhere", None, models=["embedded", "transformers:.", "scripted:nothing.json"])
    [PosixPath('.')]
    """
    texts = (*named, *(spec.partition(":")[2] for spec in models))
    return [Path(text) for text in texts if text and is_there(Path(text))]


def refuse_overwritten(out: Path, written: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Raise :class:`UsageError`, naming ``out``, where any file ``written`` is an input or lies in an input folder.

    Compared is what the names lead to. A model is known by all that its folder has, so nothing is added there either.
    """
    sources = [source for source in inputs if not is_special(source)]
    for file in written:
        for source in sources:
            if _same(file, source) or _inside(file, source):
                raise UsageError(
                    f"--out {out} would overwrite what it is made from: {source}", hint="use another --out"
                )


def _inside(file: Path, folder: Path) -> bool:
    if not folder.is_dir():
        return False
    return _same(file.parent, folder) or file.resolve().is_relative_to(folder.resolve())


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False
