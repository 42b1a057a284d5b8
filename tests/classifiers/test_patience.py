"""Early stopping, asked of the history, against a counter as others keep it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labeldist.classifiers.patience import exhausted


@given(
    values=st.lists(st.integers(0, 5), max_size=12),
    patience=st.integers(1, 4),
    higher=st.booleans(),
)
def test_it_stops_where_a_counter_stops(values: list[int], patience: int, higher: bool) -> None:
    counter, best = 0, None
    for at, value in enumerate(values):
        better = best is None or (value > best if higher else value < best)
        best, counter = (value, 0) if better else (best, counter + 1)
        history = [{"step": at, "m": float(one)} for one in values[: at + 1]]
        assert exhausted(history, "m", patience, higher=higher) == (counter >= patience)
        if counter >= patience:
            break


def test_nothing_measured_is_not_enough() -> None:
    assert not exhausted([], "m", 1, higher=True)
    assert not exhausted([{"other": 1.0}] * 9, "m", 1, higher=True)
