"""What model calls took: tokens always, money only by a price that the user gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MILLION = 1_000_000


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


def spending(store: Mapping[str, Mapping[str, int]], prices: TokenPrices) -> dict[str, Any]:
    """The tokens of all the calls that a store keeps, and their price (None: not known)."""
    prompt = sum(kind["prompt_tokens"] for kind in store.values())
    new = sum(kind["new_tokens"] for kind in store.values())
    calls = sum(kind["calls"] for kind in store.values())
    return {"calls": calls, "prompt_tokens": prompt, "new_tokens": new, "price": prices.of(prompt, new)}


def spending_line(store: Mapping[str, Mapping[str, int]], prices: TokenPrices) -> str:
    """The same for people.

    >>> spending_line({"next_token": {"calls": 2, "prompt_tokens": 3000, "new_tokens": 2}}, TokenPrices())
    'All calls kept: 2, with 3,000 prompt tokens and 2 new ones.'
    """
    told = spending(store, prices)
    price = "" if told["price"] is None else f", {told['price']:,.2f} at the given prices"
    return (
        f"All calls kept: {told['calls']:,}, with {told['prompt_tokens']:,} prompt tokens and {told['new_tokens']:,} "
        f"new ones{price}."
    )
