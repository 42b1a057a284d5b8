"""What model calls took: tokens always, money only by a price that the user gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MILLION = 1_000_000
COUNTED = ("calls", "prompt_tokens", "new_tokens")


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """Money for a million tokens of prompts, and of answers; None: not known, which is not the same as 0."""

    prompt: float | None = None
    new: float | None = None

    def of(self, prompt_tokens: float, new_tokens: float) -> float | None:
        """The price of so many tokens; None where a price that it takes is not known.

        >>> only_in = TokenPrices(2.0)
        >>> TokenPrices(2.0, 10.0).of(1_000_000, 100_000), only_in.of(1_000_000, 5), only_in.of(1_000_000, 0)
        (3.0, None, 2.0)
        """
        parts = [(prompt_tokens, self.prompt), (new_tokens, self.new)]
        if any(tokens and price is None for tokens, price in parts):
            return None
        return sum(tokens * price / MILLION for tokens, price in parts if price is not None)


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of calls that are answered at once, and of those in batches."""

    at_once: TokenPrices = TokenPrices()
    in_batches: TokenPrices = TokenPrices()


def spending(store: Mapping[str, Mapping[str, int]], prices: Prices) -> dict[str, Any]:
    """The tokens of all the calls that a store keeps, and their price (None: not known); of those in batches, too."""
    calls, prompt, new = (sum(kind[name] for kind in store.values()) for name in COUNTED)
    batched = [sum(kind.get(f"batch_{name}", 0) for kind in store.values()) for name in COUNTED]
    at_once = prices.at_once.of(prompt - batched[1], new - batched[2])
    in_batches = prices.in_batches.of(batched[1], batched[2])
    price = None if at_once is None or in_batches is None else at_once + in_batches
    told: dict[str, Any] = {"calls": calls, "prompt_tokens": prompt, "new_tokens": new, "price": price}
    if batched[0]:
        told["in_batches"] = {**dict(zip(COUNTED, batched, strict=True)), "price": in_batches}
    return told


def spending_line(store: Mapping[str, Mapping[str, int]], prices: Prices) -> str:
    """The same for people.

    >>> spending_line({"next_token": {"calls": 2, "prompt_tokens": 3000, "new_tokens": 2}}, Prices())
    'All calls kept: 2, with 3,000 prompt tokens and 2 new ones.'
    """
    told = spending(store, prices)
    line = f"All calls kept: {_counted(told)}."
    if "in_batches" not in told:
        return line
    return f"{line} In batches, of these: {_counted(told['in_batches'])}."


def _counted(told: Mapping[str, Any]) -> str:
    price = "" if told["price"] is None else f", {told['price']:,.2f} at the given prices"
    return f"{told['calls']:,}, with {told['prompt_tokens']:,} prompt tokens and {told['new_tokens']:,} new ones{price}"
