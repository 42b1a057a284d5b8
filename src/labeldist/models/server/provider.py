"""The batch endpoint of a provider, through the official client: files up, batches made, results down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO, Any, TypeVar

from labeldist.core.errors import UnavailableError
from labeldist.models.batch import Progress
from labeldist.models.budget import Budget
from labeldist.models.server.asking import Asking
from labeldist.models.server.batch_lines import ROOT
from labeldist.models.server.body import parsed
from labeldist.models.server.connection import Connection
from labeldist.models.server.endpoint import Endpoint
from labeldist.models.server.failures import MalformedError, NotThereError
from labeldist.models.server.key import key_for
from labeldist.models.server.patience import Patience

T = TypeVar("T")
WINDOW = "24h"
MARK = "labeldist"  # the field of a batch's metadata that says which of our files it is over
# A file may have 200 MB, its results several times that, and a night has its bad minutes.
SECONDS, LARGEST_RESULTS, RETRIES = 3600.0, 4 << 30, 40
PAGE, PAGES = 100, 100
OVER_LIMIT = "token_limit_exceeded"  # so many tokens are waiting at the provider already
SHOWN_ERRORS = 3
BY_HAND = "write the questions to a file with --batch-file and have them answered by hand, or ask without --batch"


class Provider:
    """A :class:`~labeldist.models.batch.Carrier` to the provider behind an endpoint."""

    def __init__(self, endpoint: Endpoint, patience: Patience) -> None:
        patient = replace(patience, retries=max(patience.retries, RETRIES))
        self._connection = Connection(endpoint, key_for(endpoint), patient, 1)
        slow = replace(patient, timeout=max(SECONDS, patience.timeout))
        self._files = Connection(endpoint, key_for(endpoint), slow, 1, LARGEST_RESULTS)
        self._asking = Asking(self._connection, patient, Budget(), 1)

    def upload(self, name: str, content: IO[bytes]) -> str:
        """The provider's id of the file."""

        def send(client: Any, headers: Any) -> Any:
            content.seek(0)
            file = (f"{MARK}-{name}.jsonl", content)
            return client.files.with_raw_response.create(file=file, purpose="batch", extra_headers=headers)

        return _id(self._there(lambda: _object(self._files.official(send))))

    def create(self, file_id: str, path: str, name: str, *, perhaps_made: bool) -> str:
        """The id of a batch over that file, whose metadata says ``name``.

        ``perhaps_made``: an earlier request for it may have come through, so a batch of that name is looked for first;
        so it is after a request whose answer was lost.
        """
        tried = perhaps_made

        def send(client: Any, headers: Any) -> Any:
            return client.batches.with_raw_response.create(
                input_file_id=file_id, endpoint=ROOT + path, completion_window=WINDOW, metadata={MARK: name},
                extra_headers=headers,
            )  # fmt: skip

        def made() -> str:
            nonlocal tried
            found = self._named(name) if tried else None
            tried = True
            return found or _id(_object(self._connection.official(send)))

        return self._there(made)

    def progress(self, batch_id: str) -> Progress:
        """How far it is."""
        told = self._asked(
            lambda client, headers: client.batches.with_raw_response.retrieve(batch_id, extra_headers=headers)
        )
        counts = told.get("request_counts") or {}
        answered, failed = (int(counts.get(name) or 0) for name in ("completed", "failed"))
        outputs = tuple(str(told[name]) for name in ("output_file_id", "error_file_id") if told.get(name))
        errors = (told.get("errors") or {}).get("data") or []
        said = "; ".join(str(one.get("message") or one.get("code")) for one in errors[:SHOWN_ERRORS])
        over_limit = any(one.get("code") == OVER_LIMIT for one in errors)
        return Progress(
            str(told.get("status")), answered, failed, outputs, self._connection.hide(said), over_limit=over_limit
        )

    def lines(self, file_id: str) -> Iterator[bytes]:
        """The lines of a file of results."""
        content = self._there(
            lambda: self._files.official(
                lambda client, headers: client.files.with_raw_response.content(file_id, extra_headers=headers)
            )
        )
        return (line for line in content.split(b"\n") if line.strip())

    def _named(self, name: str) -> str | None:
        """The batch whose metadata has that name, of the provider's list, the newest first."""
        after: dict[str, Any] = {}
        for _ in range(PAGES):

            def send(client: Any, headers: Any, after: dict[str, Any] = after) -> Any:
                return client.batches.with_raw_response.list(limit=PAGE, extra_headers=headers, **after)

            page = _object(self._connection.official(send))
            batches = [one for one in page.get("data") or [] if isinstance(one, dict)]
            for one in batches:
                if (one.get("metadata") or {}).get(MARK) == name:
                    return _id(one)
            if not page.get("has_more") or not batches:
                return None
            after = {"after": _id(batches[-1])}
        return None

    def _asked(self, send: Callable[[Any, Any], Any]) -> dict[str, Any]:
        return self._there(lambda: _object(self._connection.official(send)))

    def _there(self, send: Callable[[], T]) -> T:
        """What ``send`` gives, tried again after what passes."""
        try:
            return self._asking.patiently(send)
        except NotThereError as error:
            name = self._connection.endpoint.name
            raise UnavailableError(f"{name} takes no batches: {error.message}", hint=BY_HAND) from None


def _object(body: bytes) -> dict[str, Any]:
    told = parsed(body)
    if not isinstance(told, dict):
        raise MalformedError("no object")
    return told


def _id(told: dict[str, Any]) -> str:
    found = told.get("id")
    if not isinstance(found, str) or not found:
        raise MalformedError("nothing that has an id")
    return found
