"""What stands under the name of a result is replaced as a whole, written into, or left as it is."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from labeldist.core.errors import LabeldistError
from labeldist.datasets.files import write_rows, write_text
from labeldist.datasets.whole import is_special, whole_file

ROW = {"id": "1", "distribution": {"yes": 0.25, "no": 0.75}}
FORMATS = (".jsonl", ".jsonl.gz", ".csv", ".parquet")
PART = ".a.jsonl.0123456789ab.part"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_pipe_is_written_into(suffix: str, tmp_path: Path) -> None:
    pipe, plain, read = tmp_path / f"pipe{suffix}", tmp_path / f"plain{suffix}", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_rows(pipe, [ROW])
    reader.join()
    write_rows(plain, [ROW])
    assert read == [plain.read_bytes()]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_is_written_into_and_stays(tmp_path: Path) -> None:
    before = Path("/dev/null").stat().st_rdev
    (tmp_path / "a.jsonl").symlink_to("/dev/null")
    assert write_rows(tmp_path / "a.jsonl", [ROW]) == write_rows(Path("/dev/null"), [ROW]) == 1
    assert Path("/dev/null").stat().st_rdev == before
    assert (tmp_path / "a.jsonl").readlink() == Path("/dev/null")
    assert not list(Path("/dev").glob(".null*"))


def test_standard_output_shares_its_place_with_what_is_printed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from labeldist.datasets.files import write_rows\n"
        "print('before', flush=True); write_rows(Path('/dev/stdout'), [{'id': '1'}]); print('after')"
    )
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_text() == 'before\n{"id": "1"}\nafter\n'


def test_a_socket_is_left_as_it_is(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.jsonl"))
        with pytest.raises(LabeldistError, match=r"cannot write .*s\.jsonl"):
            write_rows(tmp_path / "s.jsonl", [ROW])
        assert stat.S_ISSOCK((tmp_path / "s.jsonl").stat().st_mode)


@pytest.mark.parametrize("suffix", FORMATS)
def test_no_space_left_names_the_file(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"full{suffix}"
    path.symlink_to("/dev/full")
    with pytest.raises(LabeldistError, match=rf"cannot write .*full{suffix}: No space left on device"):
        write_rows(path, ({**ROW, "id": str(number)} for number in range(2000)))


def test_a_link_leads_to_what_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/a.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to("there/a.txt")
    (tmp_path / "new.txt").symlink_to("there/b.txt")
    (tmp_path / "circle.txt").symlink_to("circle.txt")
    opened = (tmp_path / "there/a.txt").open()
    write_text(tmp_path / "link.txt", "new")
    write_text(tmp_path / "new.txt", "new")
    assert (tmp_path / "there/a.txt").read_text() == (tmp_path / "there/b.txt").read_text() == "new"
    assert opened.read() == "old", "the old file is replaced, not written into"
    opened.close()
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "new.txt").is_symlink()
    with pytest.raises(LabeldistError, match="symbolic links"):
        write_text(tmp_path / "circle.txt", "new")


@pytest.mark.parametrize("kept", [0o600, 0o640, 0o666, 0o755])
def test_a_mode_is_kept(kept: int, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(kept)
    with whole_file(path) as file:
        part = next(tmp_path.glob(".*.part"))
        assert mode(part) & ~kept == 0, "nobody else may read it meanwhile"
        file.write(b"new")
    assert (mode(path), path.read_text()) == (kept, "new")


def test_a_new_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    write_text(tmp_path / "a.txt", "new")
    assert mode(tmp_path / "a.txt") == mode(tmp_path / "other")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "a.txt").chmod(0o400)
    with pytest.raises(LabeldistError, match="Permission denied"):
        write_text(tmp_path / "a.txt", "new")
    assert (tmp_path / "a.txt").read_text() == "old"


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    others = (".a.jsonl.part", ".b.jsonl.0123456789ab.part", "a.jsonl.0123456789ab.part", ".a.jsonl.0123456789abc.part")
    for name in (*others, PART):
        (tmp_path / name).write_text("half a")
    with whole_file(tmp_path / "a.jsonl") as file:
        file.write(b"{}\n")
        write_rows(tmp_path / "a.jsonl", [ROW])  # another process: what is being written is locked
    assert {one.name for one in tmp_path.iterdir()} == {*others, "a.jsonl"}
    assert (tmp_path / "a.jsonl").read_text() == "{}\n"


def test_the_hash_is_told_before_the_file_is_there(tmp_path: Path) -> None:
    told: list[tuple[Path, str, bool]] = []
    for name, packed in (("a.jsonl", False), ("a.jsonl.gz", True)):
        path = tmp_path / name
        write_rows(path, [ROW], note=lambda file, digest: told.append((file, digest, file.exists())))
        assert told.pop() == (path, hashlib.sha256(path.read_bytes()).hexdigest(), False)
        assert json.loads(gzip.decompress(path.read_bytes()) if packed else path.read_bytes()) == ROW


def test_a_failure_of_what_is_written_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    def broken() -> dict[str, str]:
        raise BrokenPipeError(32, "Broken pipe")

    read: Callable[[], dict[str, str]] = broken
    with pytest.raises(BrokenPipeError):
        write_rows(tmp_path / "a.jsonl", (read() for _ in range(1)))
    assert list(tmp_path.iterdir()) == []


def test_special_is_what_is_neither_file_nor_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    special = [tmp_path / "pipe", Path("/dev/stdout"), Path("/dev/null"), Path("/dev/fd/1")]
    assert all(map(is_special, special))
    assert not any(map(is_special, [tmp_path, tmp_path / "file", tmp_path / "none", Path("a\0b"), Path("a" * 5000)]))
