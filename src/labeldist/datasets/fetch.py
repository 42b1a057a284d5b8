"""Fetches a named data set from its public home into the cache, checked against its SHA-256.

A file is downloaded under another name and only renamed when its checksum is right, so that a partial download is
never taken for the file. A download that was cut off, even by a kill, goes on where it stopped if the server can.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from labeldist import __version__
from labeldist.core.errors import IntegrityError, LabeldistError, UsageError
from labeldist.datasets.catalog import DATASETS, Download, Facts, Member, cache_folder
from labeldist.datasets.locks import lock

TIMEOUT = 30.0  # seconds without an answer or without data
LARGEST = 4_000_000_000  # bytes of one file; the largest of the named sets has 0.9e9
CHUNK = 1 << 16

Progress = Callable[[str, int, int | None], None]  # URL, bytes so far, bytes in all where the server says so


class FetchError(LabeldistError):
    """A download that did not come; ``retryable`` where the same call may succeed later."""

    def __init__(self, message: str, *, hint: str = "", retryable: bool = True) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable


def fetch(name: str, cache: Path | None = None, progress: Progress | None = None) -> Path:
    """Bring all that the public home of data set ``name`` has into the cache, and return the folder.

    Files that are there already are kept. Raises :class:`UsageError` for a set that cannot be fetched,
    :class:`FetchError` where the network fails, :class:`IntegrityError` where the file is not the one expected.
    """
    return fetch_files(DATASETS.get(name).facts, cache_folder(cache), progress)


def fetch_files(facts: Facts, folder: Path, progress: Progress | None = None, timeout: float = TIMEOUT) -> Path:
    """Like :func:`fetch`, for any facts and folder."""
    if not facts.downloads:
        hint = f"{facts.note} Its home is {facts.home}. Put {_files_wanted(facts)} into {folder}".strip()
        raise UsageError(f"data set {facts.name!r} cannot be fetched", hint=hint)
    for download in facts.downloads:
        try:
            fetch_download(download, folder, progress, timeout)
        except (FetchError, IntegrityError) as error:
            by_hand = f"or get it by hand from {facts.home} and put it into {folder} as {_files_wanted(facts)}"
            error.hint = f"{error.hint}; {by_hand}" if error.hint else by_hand
            raise
    return folder


def fetch_download(
    download: Download, folder: Path, progress: Progress | None = None, timeout: float = TIMEOUT
) -> None:
    """Bring one file, or the wanted members of one archive, to its place in ``folder``."""
    _check_scheme(download.url)
    targets = download.members or (Member("", download.path, download.sha256),)
    if all(_is_there(folder / target.path, target.sha256) for target in targets):
        return
    key = hashlib.sha256(f"{download.url} {download.sha256}".encode()).hexdigest()[:16]
    part = folder / ".downloads" / f"{key}.part"
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with _alone(part, download.url):
            resumed = _transfer(download.url, part, progress, timeout)
            try:
                _put(download, part, folder)
            except IntegrityError:
                if not resumed:
                    raise
                # The beginning that was kept may have been of another file: once more from the start.
                _transfer(download.url, part, progress, timeout)
                _put(download, part, folder)
    except OSError as error:
        raise LabeldistError(
            f"cannot write to {folder}: {error.strerror or error}", hint="is the disk full?"
        ) from error


def _transfer(url: str, part: Path, progress: Progress | None, timeout: float) -> bool:
    """Download to ``part``, going on after what is there; True if the old beginning was kept."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": f"labeldist/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with _answer(urllib.request.Request(url, headers=headers), timeout) as response:
        if response is None:  # nothing after what is there: it was whole
            return True
        content_range = str(response.headers.get("Content-Range"))
        resumed = bool(response.status == 206) and content_range.startswith(f"bytes {have}-")
        if response.status == 206 and not resumed:
            raise FetchError(f"{url} sent another part of the file than was asked for", retryable=False)
        have = have if resumed else 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length and length.isdigit() else None
        with part.open("ab" if resumed else "wb") as file:
            while chunk := _read(response, url):
                file.write(chunk)
                have += len(chunk)
                if have > LARGEST:
                    raise FetchError(f"{url} sent more than {LARGEST:,} bytes", retryable=False)
                if progress is not None:
                    progress(url, have, total)
            file.flush()
            os.fsync(file.fileno())
    if total is not None and have < total:
        raise FetchError(f"{url} ended after {have:,} of {total:,} bytes", hint="run it again: it goes on from there")
    return resumed


@contextmanager
def _answer(request: urllib.request.Request, timeout: float) -> Iterator[Any]:
    """The server's answer; None where it has nothing after the range asked for."""
    url = request.full_url
    try:
        response = urllib.request.build_opener(_Redirects).open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and request.has_header("Range"):
            yield None
            return
        retryable = error.code >= 500 or error.code == 429
        hint = "try again later" if retryable else "the file may have moved"
        raise FetchError(f"{url} answered {error.code} {error.reason}", hint=hint, retryable=retryable) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise FetchError(f"cannot reach {url}: {reason}", hint="is the network up?") from error
    with response:
        yield response


def _read(response: Any, url: str) -> bytes:
    try:
        return bytes(response.read(CHUNK))
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(f"{url} broke off: {error}", hint="run it again: it goes on from there") from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https only, and never from https to http."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request to go on with; :class:`FetchError` where that is not safe."""
        scheme = urlsplit(newurl).scheme
        if scheme not in ("http", "https") or (urlsplit(req.full_url).scheme == "https" and scheme == "http"):
            raise FetchError(f"{req.full_url} sends on to {newurl}, which is not safe", retryable=False)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _put(download: Download, part: Path, folder: Path) -> None:
    """Check what was downloaded and put it, or its members, in place; a wrong file is removed."""
    try:
        if download.sha256:
            _check(_sha256(part), download.sha256, download.url)
        for member in download.members:
            _unpack(part, member, folder, download.url)
    except IntegrityError:
        part.unlink(missing_ok=True)
        raise
    if download.members:
        part.unlink()
    else:
        target = folder / download.path
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)


def _unpack(archive: Path, member: Member, folder: Path, url: str) -> None:
    """Write one member to its place. Only the names in the facts are looked up, never those in the archive."""
    target = folder / member.path
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.part")
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(member.name) as source, beside.open("wb") as file:
            if opened.getinfo(member.name).file_size > LARGEST:
                raise IntegrityError(f"{member.name} in {url} has more than {LARGEST:,} bytes")
            digest = hashlib.sha256()
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if member.sha256:
            _check(digest.hexdigest(), member.sha256, f"{member.name} in {url}")
        beside.replace(target)
    except KeyError as error:
        raise IntegrityError(f"{url} has no {member.name}", hint="the archive may have been changed") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise IntegrityError(f"{url} is no whole zip archive ({error})") from error
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _alone(part: Path, url: str) -> Iterator[None]:
    """Keep a second process from the same download."""
    with lock(part.with_suffix(".lock")) as held:
        if not held:
            raise FetchError(f"another process is fetching {url}", hint="wait for it")
        yield


def _is_there(path: Path, sha256: str) -> bool:
    return path.is_file() and (not sha256 or _sha256(path) == sha256)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(found: str, expected: str, what: str) -> None:
    if found != expected:
        hint = "the file was changed at its home, or something between changed it"
        raise IntegrityError(f"{what}: found SHA-256 {found}, expected {expected}", hint=hint)


def _check_scheme(url: str) -> None:
    if urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"cannot fetch {url}", hint="only http and https")


def _files_wanted(facts: Facts) -> str:
    return ", ".join([*files][-1] for files in facts.splits.values())
