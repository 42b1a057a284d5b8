"""What calls took: money for those at once and those in batches, each at its own price."""

from __future__ import annotations

import pytest

from labeldist.cli.spending import Prices, TokenPrices, spending, spending_line

STORE = {
    "generate": {"calls": 3, "prompt_tokens": 3_000_000, "new_tokens": 600_000},
    "next_token": {
        "calls": 10, "prompt_tokens": 9_000_000, "new_tokens": 10,
        "batch_calls": 8, "batch_prompt_tokens": 8_000_000, "batch_new_tokens": 8,
    },
}  # fmt: skip


def test_each_has_its_price() -> None:
    found = spending(STORE, Prices(TokenPrices(2.0, 10.0), TokenPrices(1.0, 5.0)))
    assert (found["calls"], found["prompt_tokens"], found["new_tokens"]) == (13, 12_000_000, 600_010)
    assert found["in_batches"] == {
        "calls": 8, "prompt_tokens": 8_000_000, "new_tokens": 8, "price": pytest.approx(8.00004),
    }  # fmt: skip
    assert found["price"] == pytest.approx(4 * 2 + 0.600002 * 10 + 8.00004)


@pytest.mark.parametrize("prices", [Prices(TokenPrices(2.0, 10.0)), Prices(in_batches=TokenPrices(1.0, 5.0))])
def test_an_unknown_price_makes_the_sum_unknown(prices: Prices) -> None:
    assert spending(STORE, prices)["price"] is None
    line = spending_line(STORE, prices)
    assert line.startswith(
        "All calls kept: 13, with 12,000,000 prompt tokens and 600,010 new ones. In batches, of these: 8,"
    )
    assert line.endswith("8.00 at the given prices." if prices.in_batches.prompt else "8 new ones.")
