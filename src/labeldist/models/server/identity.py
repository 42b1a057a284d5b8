"""Who answers behind an address: which program, with which weights, for how many requests at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from labeldist.models.server.asking import Asking
from labeldist.models.server.utf16 import repair_utf16

Program = Literal["", "openai", "vllm", "llama.cpp", "llama-cpp-python", "ollama"]
OWNERS: Mapping[str, Program] = {"vllm": "vllm", "llamacpp": "llama.cpp"}
# Said by llama-cpp-python of every model, and perhaps by others.
ME = "me"
# Programs that work on one request at a time as they come. A setting of Ollama may say otherwise; it does not tell.
ONE_AT_A_TIME: tuple[Program, ...] = ("llama-cpp-python", "ollama")
# What Ollama adds to a name without a tag.
LATEST = ":latest"
# What a server may change of a model and give the same answers: the room that a slot has.
WITHOUT_EFFECT = ("n_ctx",)
MOST_NAMES, DIGITS = 20, 12


@dataclass(frozen=True, slots=True)
class Identity:
    """``names`` that the server lists (none: it has no list), and which ``program`` it is, as far as it tells.

    ``weights``: all that it says of the weights that answer, for the revision. ``at_once``: how many requests it works
    on at a time, each with a cache of its own prompt (None: nothing tells). ``known``: it lists the name asked for.
    """

    names: tuple[str, ...] = ()
    program: Program = ""
    weights: str = ""
    at_once: int | None = None
    known: bool = True

    def warning(self, model: str) -> str:
        """What to say of a name that it does not list; empty where it does, or has no list."""
        if self.known:
            return ""
        more = f" and {len(self.names) - MOST_NAMES:,} more" if len(self.names) > MOST_NAMES else ""
        names = ", ".join(self.names[:MOST_NAMES]) + more
        return f"the server lists no model {model!r}, so another one may answer under that name; it lists: {names}"


def identify(asking: Asking) -> Identity:
    """What the server says of itself; nothing of it is required.

    Some keys may ask and not list: whether the endpoint is of use is for the first question to tell. One that lists
    a single model answers with that, whatever it is asked for.
    """
    endpoint, hide = asking.connection.endpoint, asking.connection.hide
    listed = _listed(_got(asking, "/models"))
    entry = next((one for name, one in listed.items() if endpoint.model in _names(name, one)), None)
    known = entry is not None or not listed
    if entry is None and len(listed) == 1:
        [entry] = listed.values()
    program = _program(asking, entry or {})
    props = _props(asking) if program == "llama.cpp" else {}
    return Identity(
        tuple(hide(name) for name in sorted(listed)),
        program,
        hide(_weights(entry or {}, props, named=known)),
        _at_once(program, props),
        known,
    )


def _got(asking: Asking, path: str) -> Any:
    return asking.optionally(lambda: asking.connection.get(path))


def _listed(answer: Any) -> dict[str, dict[str, Any]]:
    data = answer.get("data") if isinstance(answer, dict) else None
    entries = [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []
    return {repair_utf16(str(one["id"])): one for one in entries if "id" in one}


def _names(name: str, entry: Mapping[str, Any]) -> list[str]:
    """The names of an entry of the list; of a file that is listed with its path, its own too.

    >>> _names("llama3:latest", {})
    ['llama3:latest', 'llama3']
    """
    told = entry.get("aliases")
    file = [name.rpartition("/")[2]] if name.startswith("/") else []
    short = [name.removesuffix(LATEST)] if name.endswith(LATEST) else []
    return [name, *file, *short, *map(str, told if isinstance(told, list) else [])]


def _program(asking: Asking, entry: Mapping[str, Any]) -> Program:
    if asking.connection.endpoint.openai:
        return "openai"
    owner = entry.get("owned_by")
    if owner == ME:
        about = _got(asking, f"{asking.connection.endpoint.root}/openapi.json")
        info = about.get("info") if isinstance(about, dict) else None
        return "llama-cpp-python" if isinstance(info, dict) and "llama.cpp" in str(info.get("title")) else ""
    known = OWNERS.get(owner, "") if isinstance(owner, str) else ""
    # Ollama lists a model with the name space that it is from as its owner, and always with a tag.
    if not known and ":" in str(entry.get("id")):
        about = _got(asking, f"{asking.connection.endpoint.root}/api/version")
        return "ollama" if isinstance(about, dict) and "version" in about else ""
    return known


def _props(asking: Asking) -> dict[str, Any]:
    """What llama.cpp says of its settings, and one that serves several models of those of this one."""
    endpoint = asking.connection.endpoint
    answer = _got(asking, f"{endpoint.root}/props?{urlencode({'model': endpoint.model})}")
    return answer if isinstance(answer, dict) else {}


def _at_once(program: Program, props: Mapping[str, Any]) -> int | None:
    """llama.cpp works on so many prompts as it has slots, its Python package on one; each keeps its last prompt."""
    if program in ONE_AT_A_TIME:
        return 1
    if program != "llama.cpp":
        return None
    slots = props.get("total_slots")
    return slots if type(slots) is int and slots > 0 else 1


def _weights(entry: Mapping[str, Any], props: Mapping[str, Any], *, named: bool) -> str:
    """The model's origin, and its name where it is not asked for by that; a digest of all else, paths included.

    >>> _weights({"id": "m", "root": "org/m"}, {}, named=True)
    'org/m'
    >>> _weights({"id": "m", "meta": {"n_params": 7}}, {}, named=False)
    'm 7e26ede35822'
    """
    meta = entry.get("meta")
    told: dict[str, Any] = {"meta": meta} if meta else {}
    if isinstance(meta, dict):
        told = {"meta": {name: value for name, value in meta.items() if name not in WITHOUT_EFFECT}}
    told |= {name: props[name] for name in ("model_path", "chat_template") if props.get(name)}
    name = "" if named else repair_utf16(str(entry.get("id") or ""))
    if "/" in name:
        told["id"], name = name, name.rpartition("/")[2]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:DIGITS] if told else ""
    return " ".join(filter(None, (name, repair_utf16(str(entry.get("root") or "")), digest)))
