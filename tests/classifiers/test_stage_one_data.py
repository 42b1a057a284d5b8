"""What the first stage is trained on has nothing of what the second is trained and tested on."""

from __future__ import annotations

from pathlib import Path

import pytest

from labeldist.core.item import Item
from labeldist.datasets.source import open_source

TESTED = (
    "mjd-estimator:train",
    "mjd-estimator:dev",
    "mjd-estimator:test",
    "anli-r1:test",
    "anli-r2:test",
    "anli-r3:test",
)


def texts(item: Item) -> tuple[str, str]:
    premise, hypothesis = (" ".join(item.fields[name].split()).casefold() for name in ("premise", "hypothesis"))
    return premise, hypothesis


def test_no_premise_and_no_pair_of_it_is_tested(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    pairs = {texts(item) for source in ("mnli:train", "snli:train") for item in open_source(source).items()}
    premises = {premise for premise, _ in pairs}
    assert len(pairs) > 70_000
    for source in TESTED:
        found = [texts(item) for item in open_source(source).items()]
        assert len(found) > 300
        assert not [one for one in found if one in pairs or one[0] in premises], source
