"""Batches by hand: questions to files, for anything that answers batch files, and their answers back."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from labeldist.calls.batches import Batches, Ended
from labeldist.core.errors import LabeldistError, UnavailableError, UsageError
from labeldist.datasets.whole import naming_errors, whole_file
from labeldist.models.batch import Asked, Result

logger = logging.getLogger(__name__)
# How every line begins that we write: a file that begins otherwise is somebody else's.
BEGINNING = b'{"custom_id": "labeldist-'


class QuestionsWaitError(LabeldistError):
    """Questions are in ``files`` and wait to be answered: the work goes on when their answers are given to it.

    ``questions``: how many.
    """

    exit_status = 3

    def __init__(self, files: Mapping[Path, str], questions: int) -> None:
        """``files``: each with the model that its questions are for."""
        self.files = tuple(files)
        self.questions = questions
        (first, model), *others = files.items()
        which, answers = "them", "answers.jsonl"
        also = "".join(f", {file} with --model {name}" for file, name in others)
        if others:
            which, answers, also = "each file", "FILE for each file of answers", f"; likewise{also[1:]}"
        super().__init__(
            f"{questions:,} question{'' if questions == 1 else 's'} to be answered: {', '.join(map(str, files))}",
            hint=f"have a provider answer {which} as a batch of chats, or vLLM: "
            f"vllm run-batch -i {first} -o answers.jsonl --model {model}{also}; then rerun the same command with "
            f"--batch-results {answers}, as often as there are questions",
        )


def check_file(file: Path | None) -> None:
    """Refuse to write questions over a file of somebody else, before anything is asked."""
    if file is None or not file.exists():
        return
    if not _is_ours(file):
        raise UsageError(f"--batch-file {file} is there, and is no file of questions", hint="give another name")


def write_questions(desk: Batches, file: Path | None, over: UnavailableError | None) -> LabeldistError:
    """Write what is collected to ``file``, and beside it (NAME-2) what is too much for one; what to tell of it.

    ``over``: why not all was collected.
    """
    files: dict[Path, str] = {}
    questions = 0
    for part in desk.collected():
        questions += len(part)
        if file is None:
            continue
        name = _numbered(file, len(files) + 1)
        check_file(name)
        with whole_file(name) as out:
            out.writelines(one.line for one in part)
        files[name] = _model_of(part[0])
    if file is None:
        return UnavailableError(
            f"{questions:,} questions have no answer in the results that were given",
            hint="add --batch-file FILE to have them written; without --batch-results the server is asked at once, at "
            "the ordinary price. What was read is kept",
        )
    _remove_older(file, len(files))
    if over is not None:
        logger.warning("not all questions were written: %s", over.message)
    return QuestionsWaitError(files, questions)


def read_results(
    desk: Batches, files: Sequence[Path], result: Callable[[bytes], Result | None], *, must_be_there: bool
) -> None:
    """Take in files of results; one that is not there yet is told, or refused where it ``must_be_there``."""
    for file in files:
        if not file.exists() and not must_be_there:
            logger.warning("%s is not there yet: no answers are read", file)
            continue
        with naming_errors(file):
            with file.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            done = desk.read(digest, (result(line) for line in _lines(file)))
        logger.warning("%s: %s", file, in_words(done))


def in_words(done: Ended) -> str:
    """What came of a batch, or of a file of results.

    >>> in_words(Ended(answered=1200, failed=1, missing=2))
    '1,200 answered, 3 not'
    """
    lost = done.failed + done.missing
    parts = [f"{done.answered:,} answered"]
    parts += [f"{lost:,} not"] if lost else []
    parts += [f"{done.different:,} answered again, differently: the first answer counts"] if done.different else []
    parts += [f"{done.foreign:,} lines that answer no question of it"] if done.foreign else []
    return ", ".join(parts)


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        yield from (line for line in opened if line.strip())


def _is_ours(file: Path) -> bool:
    with naming_errors(file), file.open("rb") as opened:
        begun = opened.read(len(BEGINNING))
    return begun in (b"", BEGINNING)


def _numbered(file: Path, number: int) -> Path:
    """The name of one of several files.

    >>> str(_numbered(Path("questions.jsonl"), 2))
    'questions-2.jsonl'
    """
    return file if number == 1 else file.with_name(f"{file.stem}-{number}{file.suffix}")


def _remove_older(file: Path, written: int) -> None:
    """Further files of an earlier round, which would be answered again."""
    number = written + 1
    while (older := _numbered(file, number)).is_file() and _is_ours(older):
        with naming_errors(older):
            older.unlink()
        number += 1


def _model_of(asked: Asked) -> str:
    return str(json.loads(asked.line)["body"]["model"])
