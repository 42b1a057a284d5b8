"""Where a served model is: read from ``MODEL@URL``."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from labeldist.core.errors import UsageError, shown

LONGEST_NAME, LONGEST_LABEL = 253, 63  # of the name system
EXPECTED = "use server:MODEL@URL, for instance server:my-model@http://localhost:8000/v1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model's name on a server, and the address below which the protocol's paths are (``URL/chat/completions``)."""

    model: str
    url: str

    @property
    def name(self) -> str:
        """The spec that names it."""
        return f"server:{self.model}@{self.url}"

    @property
    def root(self) -> str:
        """Where servers have paths of their own: beside the protocol's.

        >>> Endpoint("m", "http://localhost:8000/v1").root
        'http://localhost:8000'
        """
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, parts.path.removesuffix("/v1"), "", ""))

    @property
    def host(self) -> str:
        """The host of the address, without the port."""
        return urlsplit(self.url).hostname or ""

    @property
    def encrypted(self) -> bool:
        """Whether the address is https."""
        return urlsplit(self.url).scheme == "https"

    @property
    def loopback(self) -> bool:
        """Whether the address is this machine's own, so that nothing travels."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def openai(self) -> bool:
        """Whether the address is OpenAI's own."""
        return self.encrypted and (self.host == "openai.com" or self.host.endswith(".openai.com"))


def read_endpoint(argument: str) -> Endpoint:
    """The endpoint that ``MODEL@URL`` names; an address without a path gets ``/v1``, where servers have the protocol.

    Raises :class:`UsageError` for anything else, without repeating what may be a password, and for a host's name that
    no look-up could find.

    >>> read_endpoint("org/my-model@http://localhost:8000")
    Endpoint(model='org/my-model', url='http://localhost:8000/v1')
    """
    at = max(argument.rfind("@http://"), argument.rfind("@https://"))
    if at < 1:
        raise UsageError("model 'server' without a model's name or a server's address", hint=EXPECTED)
    model, address = argument[:at], argument[at + 1 :]
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port  # an impossible port raises here
    except ValueError as error:
        raise UsageError("model 'server' with an address that cannot be read", hint=EXPECTED) from error
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            "a server's address with a user, password, query or fragment, which would end up in files",
            hint="give the bare address, and the key in the environment variable LABELDIST_API_KEY",
        )
    if not host or any(character.isspace() or not character.isprintable() for character in address):
        raise UsageError("model 'server' with an address that cannot be read", hint=EXPECTED)
    problem = _name_problem(host)
    if problem:
        raise UsageError(f"model 'server' with a host name that cannot be: {problem}", hint=EXPECTED)
    netloc = parts.netloc.lower()
    return Endpoint(model, urlunsplit((parts.scheme, netloc, parts.path.rstrip("/") or "/v1", "", "")))


def _name_problem(host: str) -> str:
    """What is wrong with the name of a host, or nothing.

    >>> _name_problem("localhost"), _name_problem("a..b")
    ('', 'an empty part')
    """
    if ":" in host:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return "no address of IPv6"
        return ""
    labels = host.removesuffix(".").split(".")
    if not all(labels):
        return "an empty part"
    for label in labels:
        try:
            coded = label if label.isascii() else label.encode("idna").decode("ascii")
        except UnicodeError:
            return f"{shown(label, 40)} cannot be written in ASCII"
        if len(coded) > LONGEST_LABEL:
            return f"a part of {len(coded):,} characters, of at most {LONGEST_LABEL}"
        if not re.fullmatch(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?", coded, re.IGNORECASE):
            return f"{shown(label, 40)} is not of letters, digits and hyphens"
    if len(host.encode("idna")) > LONGEST_NAME:
        return f"more than {LONGEST_NAME} characters"
    return ""
