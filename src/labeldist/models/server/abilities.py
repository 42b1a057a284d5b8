"""What an endpoint can do, and the requests that it is sent accordingly."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from labeldist.models.server.identity import Identity, Program
from labeldist.models.server.taken import LIMITS, Taken

Scores = Literal["exact", "top", "sampled"]
# Most new tokens: of a drawn answer, of one with a thought, of a text.
SHORT, THOUGHT, TEXT = 16, 4096, 256
ALL, UNKNOWN = Taken(), Identity()
# Draw from all tokens, whatever the server's own settings leave out.
ALL_TOKENS: Mapping[str, Any] = {"top_k": 0, "top_p": 1.0, "min_p": 0.0}
# The same, and as the model says: no penalties either.
BY_PROGRAM: Mapping[Program, Mapping[str, Any]] = {
    "openai": {"top_p": 1.0},
    "vllm": {**ALL_TOKENS, "repetition_penalty": 1.0},
    "llama.cpp": {**ALL_TOKENS, "samplers": ["temperature"], "mirostat": 0},
    "llama-cpp-python": {**ALL_TOKENS, "repeat_penalty": 1.0, "mirostat_mode": 0},
}
SAMPLING = frozenset(name for fields in BY_PROGRAM.values() for name in fields)


@dataclass(frozen=True, slots=True)
class Abilities:
    """How to ask an endpoint, and what it answers with.

    ``scores``: of chosen tokens exactly, of the likeliest tokens, or none but drawn answers. ``chat``: the model takes
    messages (else a bare prompt). ``limit``: the name of the field with the most new tokens. ``listed``: how many
    tokens it is asked to list; ``most_listed``: how many, where some option is not among those (0: it lists no more).
    ``reasons``: it thinks before it answers; ``inline``: in the text of its answers. ``room``: most
    new tokens of a drawn answer, thoughts included. ``taken``, ``writing``: what it takes of a question, and of what
    asks for a text. ``identity``: what the server says of itself.
    """

    scores: Scores = "sampled"
    chat: bool = True
    limit: str = "max_tokens"
    listed: int = 0
    most_listed: int = 0
    reasons: bool = False
    inline: bool = False
    room: int = SHORT
    taken: Taken = ALL
    writing: Taken = ALL
    identity: Identity = UNKNOWN
    notes: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where to post."""
        return "/chat/completions" if self.chat else "/completions"

    @property
    def fixed_temperature(self) -> bool:
        """Whether the endpoint is of the kind that refuses any temperature but its own."""
        return self.reasons and self.limit == "max_completion_tokens"

    def body(self, model: str, prompt: str, new_tokens: int, temperature: float, **more: Any) -> dict[str, Any]:
        """A question. Temperature 1 leaves log-probabilities as they are where a server applies it to them."""
        return self.taken.request(self.unadapted(model, prompt, new_tokens, temperature, **more))

    def draws(self, model: str, prompt: str, count: int) -> dict[str, Any]:
        """A request for ``count`` drawn answers."""
        return self.taken.request(self.unadapted_draws(model, prompt, count))

    def unadapted_draws(self, model: str, prompt: str, count: int) -> dict[str, Any]:
        """A request for ``count`` drawn answers, whatever the endpoint refuses of it."""
        return self.unadapted(model, prompt, self.room, 1.0, n=count, **self.all_tokens)

    def text(self, model: str, prompt: str, new_tokens: int, temperature: float, seed: int) -> dict[str, Any]:
        """A request for a text."""
        return self.writing.request(self.unadapted_text(model, prompt, new_tokens, temperature, seed))

    def unadapted_text(self, model: str, prompt: str, new_tokens: int, temperature: float, seed: int) -> dict[str, Any]:
        """A request for a text, whatever the endpoint refuses of it."""
        more: dict[str, Any] = {}
        if temperature or self.identity.program in ("vllm", "llama.cpp") or self.scores == "exact":
            # These fill what they are not told from the model's or their own settings, which may penalise or cut.
            more |= self.all_tokens
        if temperature:
            more["seed"] = _seed(seed, prompt)
        return self.unadapted(model, prompt, new_tokens, temperature, **more)

    def unadapted(self, model: str, prompt: str, new_tokens: int, temperature: float, **more: Any) -> dict[str, Any]:
        """A question, whatever the endpoint refuses of it."""
        asked = {"messages": [{"role": "user", "content": prompt}]} if self.chat else {"prompt": prompt}
        warm = {} if self.fixed_temperature else {"temperature": temperature}
        return {"model": model, **asked, self.limit: new_tokens, **warm, **more}

    @property
    def all_tokens(self) -> Mapping[str, Any]:
        """The fields that let it draw from all tokens, by the model's own probabilities."""
        program = self.identity.program or ("vllm" if self.scores == "exact" else "")
        return BY_PROGRAM.get(program, ALL_TOKENS)

    def listing(self, most: int | None = None) -> dict[str, Any]:
        """The fields that ask for the likeliest tokens: ``most`` of them, else as many as usual."""
        count = self.listed if most is None else most
        return {"logprobs": True, "top_logprobs": count} if self.chat else {"logprobs": count}

    def chosen(self, tokens: list[int]) -> dict[str, Any]:
        """The fields that ask for the log-probabilities of chosen tokens."""
        return {
            "logprobs": True if self.chat else 0,
            "logprob_token_ids": tokens,
            "return_tokens_as_token_ids": True,
        }

    @property
    def revision(self) -> str:
        """What answers depend on of the ways in which requests are sent."""
        told = [self.taken.revision, self.writing.revision if self.writing != self.taken else ""]
        return " ".join(f"({one})" for one in told if one)


def new_tokens_of(body: dict[str, Any]) -> int:
    """The most new tokens that a request may take, all its answers together."""
    return next((int(body[name]) for name in LIMITS if name in body), THOUGHT) * int(body.get("n", 1))


def _seed(seed: int, prompt: str) -> int:
    """31 bits from a seed of any size and a prompt: prompts that are asked together must not share their chance."""
    return int.from_bytes(hashlib.sha256(f"{seed} {prompt}".encode()).digest()[:4], "big") >> 1
