"""What an endpoint can do, and the requests that it is sent accordingly."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from labeldist.models.server.taken import LIMITS, Taken

Scores = Literal["exact", "top", "sampled"]
# Most new tokens: of a drawn answer, of one with a thought, of a text.
SHORT, THOUGHT, TEXT = 16, 4096, 256
ALL = Taken()


@dataclass(frozen=True, slots=True)
class Abilities:
    """How to ask an endpoint, and what it answers with.

    ``scores``: of chosen tokens exactly, of the likeliest tokens, or none but drawn answers. ``chat``: the model takes
    messages (else a bare prompt). ``limit``: the name of the field with the most new tokens. ``listed``: how many
    tokens it lists. ``reasons``: it thinks before it answers; ``inline``: in the text of its answers. ``room``: most
    new tokens of a drawn answer, thoughts included. ``taken``, ``writing``: what it takes of a question, and of what
    asks for a text. ``served``: what the server says of the weights.
    """

    scores: Scores = "sampled"
    chat: bool = True
    limit: str = "max_tokens"
    listed: int = 0
    reasons: bool = False
    inline: bool = False
    room: int = SHORT
    taken: Taken = ALL
    writing: Taken = ALL
    served: str = ""
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
        return self.body(model, prompt, self.room, 1.0, n=count)

    def text(self, model: str, prompt: str, new_tokens: int, temperature: float, seed: int) -> dict[str, Any]:
        """A request for a text."""
        return self.writing.request(self.unadapted_text(model, prompt, new_tokens, temperature, seed))

    def unadapted_text(self, model: str, prompt: str, new_tokens: int, temperature: float, seed: int) -> dict[str, Any]:
        """A request for a text, whatever the endpoint refuses of it."""
        more: dict[str, Any] = {}
        if temperature:
            more = {"top_p": 1.0, "seed": _seed(seed, prompt)}
        if self.scores == "exact":
            # vLLM fills what it is not told from the model's own settings, which may penalise or cut.
            more |= {"top_p": 1.0, "top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
        return self.unadapted(model, prompt, new_tokens, temperature, **more)

    def unadapted(self, model: str, prompt: str, new_tokens: int, temperature: float, **more: Any) -> dict[str, Any]:
        """A question, whatever the endpoint refuses of it."""
        asked = {"messages": [{"role": "user", "content": prompt}]} if self.chat else {"prompt": prompt}
        warm = {} if self.fixed_temperature else {"temperature": temperature}
        return {"model": model, **asked, self.limit: new_tokens, **warm, **more}

    def listing(self) -> dict[str, Any]:
        """The fields that ask for the likeliest tokens."""
        return {"logprobs": True, "top_logprobs": self.listed} if self.chat else {"logprobs": self.listed}

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
