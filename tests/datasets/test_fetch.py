"""Fetching against a server on this machine: what comes must be the file, whole, or nothing."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from labeldist.core.errors import IntegrityError, LabeldistError, UsageError
from labeldist.datasets.catalog import DATASETS, Download, Facts, Member, NamedDataset
from labeldist.datasets.fetch import FetchError, fetch, fetch_download, fetch_files

CONTENT = b"".join(b'{"id": %d}\n' % number for number in range(100_000))
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Home:
    """A public home on the loopback interface; what it does at a path is a function, what it was asked is kept."""

    url: str = ""
    answers: dict[str, Callable[[http.server.BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    home = Home()

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            home.asked.append((self.path, self.headers.get("Range")))
            answer = home.answers.get(self.path)
            if answer is None:
                self.send_error(404)
            else:
                answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    home.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield home
    server.shutdown()
    thread.join()
    server.server_close()


Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


def sends(content: bytes, *, ranges: bool = True, cut: int | None = None, pause: float = 0) -> Answer:
    """Sends ``content``, from the range asked for on; ends early after ``cut`` bytes; waits between pieces."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and ranges else 0
        if start >= len(content) > 0:
            handler.send_error(416)
            return
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        piece = 50_000
        for place in range(start, len(content) if cut is None else cut, piece):
            try:
                handler.wfile.write(content[place : min(place + piece, cut or len(content))])
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(pause)

    return answer


def redirects(url: str) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", url)
        handler.end_headers()

    return answer


def fails(code: int) -> Answer:
    return lambda handler: handler.send_error(code)


def left_over(folder: Path) -> list[str]:
    """Everything in the folder that is a file, but for the locks."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"
    )


def one_file(home: Home, path: str = "/file") -> Download:
    return Download(home.url + path, sha256=SHA256, path="set/file.jsonl")


def test_a_file_comes_whole_and_only_once(home: Home, tmp_path: Path) -> None:
    home.answers["/file"] = sends(CONTENT)
    seen: list[tuple[int, int | None]] = []
    fetch_download(one_file(home), tmp_path, lambda url, have, total: seen.append((have, total)))
    assert (tmp_path / "set" / "file.jsonl").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [have for have, _ in seen] == sorted(have for have, _ in seen)
    assert left_over(tmp_path) == ["set/file.jsonl"]
    fetch_download(one_file(home), tmp_path)
    assert len(home.asked) == 1


def test_a_file_that_was_changed_since_is_fetched_again(home: Home, tmp_path: Path) -> None:
    home.answers["/file"] = sends(CONTENT)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "file.jsonl").write_bytes(CONTENT[:1000])
    fetch_download(one_file(home), tmp_path)
    assert (tmp_path / "set" / "file.jsonl").read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(home: Home, tmp_path: Path) -> None:
    home.answers["/file"] = sends(CONTENT + b"x")
    with pytest.raises(IntegrityError, match=SHA256):
        fetch_download(one_file(home), tmp_path)
    assert left_over(tmp_path) == []


@pytest.mark.parametrize(("code", "retryable"), [(404, False), (403, False), (500, True), (503, True), (429, True)])
def test_an_error_of_the_server_is_told(code: int, retryable: bool, home: Home, tmp_path: Path) -> None:
    home.answers["/file"] = fails(code)
    with pytest.raises(FetchError, match=f"answered {code}") as caught:
        fetch_download(one_file(home), tmp_path)
    assert caught.value.retryable == retryable
    assert left_over(tmp_path) == []


def test_no_network_is_told(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/file"
        with pytest.raises(FetchError, match="cannot reach"):
            fetch_download(Download(url, sha256=SHA256, path="a"), tmp_path)


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file"
        with pytest.raises(FetchError, match="timed out"):
            fetch_download(Download(url, sha256=SHA256, path="a"), tmp_path, timeout=0.2)


def test_a_server_that_stops_sending_is_given_up(home: Home, tmp_path: Path) -> None:
    home.answers["/file"] = sends(CONTENT, pause=5)
    with pytest.raises(FetchError, match="broke off"):
        fetch_download(one_file(home), tmp_path, timeout=0.3)
    assert not (tmp_path / "set" / "file.jsonl").exists()


@pytest.mark.parametrize("ranges", [True, False])
def test_a_truncated_download_goes_on_or_starts_again(ranges: bool, home: Home, tmp_path: Path) -> None:
    home.answers["/file"] = sends(CONTENT, cut=200_000)
    with pytest.raises(FetchError, match=f"ended after 200,000 of {len(CONTENT):,} bytes"):
        fetch_download(one_file(home), tmp_path)
    assert not (tmp_path / "set" / "file.jsonl").exists()
    home.answers["/file"] = sends(CONTENT, ranges=ranges)
    fetch_download(one_file(home), tmp_path)
    assert (tmp_path / "set" / "file.jsonl").read_bytes() == CONTENT
    assert home.asked == [("/file", None), ("/file", "bytes=200000-")]


def test_a_beginning_of_another_file_is_thrown_away(home: Home, tmp_path: Path) -> None:
    home.answers["/file"] = sends(b"x" * len(CONTENT), cut=200_000)
    with pytest.raises(FetchError):
        fetch_download(one_file(home), tmp_path)
    home.answers["/file"] = sends(CONTENT)
    fetch_download(one_file(home), tmp_path)
    assert (tmp_path / "set" / "file.jsonl").read_bytes() == CONTENT
    assert home.asked[1:] == [("/file", "bytes=200000-"), ("/file", None)]


def test_a_whole_part_that_was_never_renamed_is_used(home: Home, tmp_path: Path) -> None:
    home.answers["/file"] = sends(CONTENT, cut=200_000)
    with pytest.raises(FetchError):
        fetch_download(one_file(home), tmp_path)
    (part,) = (tmp_path / ".downloads").glob("*.part")
    part.write_bytes(CONTENT)
    home.answers["/file"] = sends(CONTENT)
    fetch_download(one_file(home), tmp_path)
    assert (tmp_path / "set" / "file.jsonl").read_bytes() == CONTENT
    assert home.asked[-1] == ("/file", f"bytes={len(CONTENT)}-")


def test_after_a_kill_the_download_goes_on(home: Home, tmp_path: Path) -> None:
    home.answers["/file"] = sends(CONTENT, pause=0.05)
    script = (
        "import sys; from pathlib import Path; from labeldist.datasets.catalog import Download; "
        "from labeldist.datasets.fetch import fetch_download; "
        "fetch_download(Download(sys.argv[1], sha256=sys.argv[2], path='set/file.jsonl'), Path(sys.argv[3]))"
    )
    arguments = [sys.executable, "-c", script, f"{home.url}/file", SHA256, str(tmp_path)]
    with subprocess.Popen(arguments) as process:
        deadline = time.monotonic() + 20
        while not any(part.stat().st_size > 100_000 for part in tmp_path.rglob("*.part")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        with pytest.raises(FetchError, match="another process"):
            fetch_download(one_file(home), tmp_path)
        process.kill()
    assert not (tmp_path / "set" / "file.jsonl").exists()
    (part,) = tmp_path.rglob("*.part")
    kept = part.stat().st_size
    assert 100_000 < kept < len(CONTENT)
    home.answers["/file"] = sends(CONTENT)
    fetch_download(one_file(home), tmp_path)
    assert (tmp_path / "set" / "file.jsonl").read_bytes() == CONTENT
    assert home.asked[-1] == ("/file", f"bytes={kept}-")


def test_a_redirect_is_followed(home: Home, tmp_path: Path) -> None:
    home.answers["/old"] = redirects("/file")
    home.answers["/file"] = sends(CONTENT)
    fetch_download(one_file(home, "/old"), tmp_path)
    assert (tmp_path / "set" / "file.jsonl").read_bytes() == CONTENT


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/file", "/old"])
def test_a_redirect_elsewhere_is_not(target: str, home: Home, tmp_path: Path) -> None:
    home.answers["/old"] = redirects(target)
    with pytest.raises(FetchError):
        fetch_download(one_file(home, "/old"), tmp_path)
    assert left_over(tmp_path) == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/file", "/etc/passwd"])
def test_only_http_is_fetched(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot fetch"):
        fetch_download(Download(url, sha256=SHA256, path="a"), tmp_path)


# Archives.


def packed(*members: tuple[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return content.getvalue()


def archive(home: Home, content: bytes, *, whole: bool = True, member: str = "") -> Download:
    home.answers["/set.zip"] = sends(content)
    members = (Member("v1/dev.jsonl", "set/dev.jsonl", member),)
    return Download(f"{home.url}/set.zip", sha256=hashlib.sha256(content).hexdigest() if whole else "", members=members)


def test_only_the_wanted_members_leave_an_archive(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    content = packed(("v1/dev.jsonl", CONTENT), ("../evil", b"x"), ("/tmp/evil", b"x"), ("v1/train.jsonl", b"x"))
    download = archive(home, content)
    fetch_download(download, folder)
    assert (folder / "set" / "dev.jsonl").read_bytes() == CONTENT
    assert left_over(tmp_path) == ["cache/set/dev.jsonl"]
    fetch_download(download, folder)
    assert len(home.asked) == 1


def test_a_member_may_carry_the_checksum(home: Home, tmp_path: Path) -> None:
    content = packed(("v1/dev.jsonl", CONTENT))
    fetch_download(archive(home, content, whole=False, member=SHA256), tmp_path)
    assert left_over(tmp_path) == ["set/dev.jsonl"]


@pytest.mark.parametrize(
    ("content", "whole", "message"),
    [
        (packed(("v1/dev.jsonl", b"other")), False, "expected " + SHA256),
        (packed(("v2/dev.jsonl", CONTENT)), True, "has no v1/dev.jsonl"),
        (b"<html>File deleted</html>", False, "no whole zip archive"),
        (packed(("v1/dev.jsonl", CONTENT))[:-30], False, "no whole zip archive"),
        (packed(("v1/dev.jsonl", CONTENT)).replace(b"\xed", b"\xee"), False, "zip archive|expected"),
    ],
    ids=["other content", "member missing", "a page in its place", "truncated", "damaged"],
)
def test_an_archive_that_is_not_right_leaves_nothing(
    content: bytes, whole: bool, message: str, home: Home, tmp_path: Path
) -> None:
    with pytest.raises(IntegrityError, match=message):
        fetch_download(archive(home, content, whole=whole, member="" if whole else SHA256), tmp_path)
    assert left_over(tmp_path) == []


# By name.


def facts(*downloads: Download) -> Facts:
    splits = {"dev": {"set/file.jsonl": 1}}
    return Facts("x", "X", splits, "dev", "1", "none", "CC0", "X", "https://example.org/x", "nli", downloads=downloads)


def test_a_name_is_fetched_into_the_cache(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way of a real set, with its URL on this machine: fetch, then open."""
    row = {"uid": "u1", "context": "It rains.", "hypothesis": "It is wet.", "label": "e", "reason": "Rain is wet."}
    content = packed(*((f"anli_v1.0/R1/{split}.jsonl", json.dumps(row).encode()) for split in ("dev", "test", "train")))
    home.answers["/anli.zip"] = sends(content)
    named = DATASETS.get("anli-r1")
    here = replace(named.facts.downloads[0], url=f"{home.url}/anli.zip", sha256=hashlib.sha256(content).hexdigest())
    moved = NamedDataset(replace(named.facts, downloads=(here,)), named.read)
    monkeypatch.setitem(DATASETS._parts, "anli-r1", moved)
    monkeypatch.delenv("LABELDIST_DATA", raising=False)
    monkeypatch.setenv("LABELDIST_CACHE", str(tmp_path))
    assert fetch("anli-r1") == tmp_path
    from labeldist.datasets.source import open_source

    assert [item.id for item in open_source("anli-r1:test").items()] == ["u1"]


def test_a_failure_tells_how_to_do_it_by_hand(home: Home, tmp_path: Path) -> None:
    with pytest.raises(FetchError) as caught:
        fetch_files(facts(one_file(home)), tmp_path)
    assert "https://example.org/x" in str(caught.value)
    assert f"{tmp_path} as set/file.jsonl" in str(caught.value)


def test_a_set_without_a_home_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be fetched") as caught:
        fetch_files(facts(), tmp_path)
    assert "set/file.jsonl" in caught.value.hint


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(UsageError, match="did you mean 'varierr'"):
        fetch("varier")


def test_a_place_that_cannot_be_written_is_told(home: Home, tmp_path: Path) -> None:
    home.answers["/file"] = sends(CONTENT)
    (tmp_path / "file").touch()
    with pytest.raises(LabeldistError, match="cannot write"):
        fetch_download(one_file(home), tmp_path / "file")


@pytest.mark.parametrize(
    "wrong",
    [
        {"sha256": "", "path": "a"},
        {"sha256": "", "members": (Member("a", "a"),)},
        {"sha256": SHA256},
        {"sha256": SHA256, "path": "a", "members": (Member("a", "a"),)},
    ],
)
def test_a_download_without_checksum_or_place_cannot_be_stated(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Download("https://example.org", **wrong)  # type: ignore[arg-type]
