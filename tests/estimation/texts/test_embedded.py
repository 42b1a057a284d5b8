"""Sentence vectors as features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.estimation.texts.test_evidence import cued, seen, task_of

from labeldist.core.errors import MissingExtraError, UsageError
from labeldist.estimation.texts.embedded import combined, embedded_features
from labeldist.evaluation.variability.encoder import encoder_folder


@pytest.fixture(scope="module")
def folder() -> Path:
    pytest.importorskip("torch")
    try:
        return encoder_folder(None)
    except MissingExtraError as error:
        pytest.skip(str(error))


def test_blocks_are_vectors_differences_and_products() -> None:
    rng = np.random.default_rng(0)
    one, other, third = rng.normal(size=(3, 6, 4))
    assert combined([one]).shape == (6, 4)
    assert combined([one, other, third]).shape == (6, 4 * (3 + 2 * 3))
    assert combined([one, other, third, one]).shape == (6, 16)
    found = combined([one, other])
    for block, plain in zip(np.split(found, 4, axis=1), (one, other, np.abs(one - other), one * other), strict=True):
        around = plain - plain.mean(axis=0)
        np.testing.assert_allclose(block / np.linalg.norm(block), around / np.linalg.norm(around), atol=1e-6)
        assert np.mean(np.sum(block**2, axis=1)) == pytest.approx(1, abs=1e-5)
    assert not combined([np.ones((3, 2))]).any()


def test_n_grams_and_an_encoder_side_by_side(folder: Path) -> None:
    task, items = task_of(2), cued(80, told=1.0)
    name = f"text:{folder}"
    found = seen(items, task, ["text", name, "text"])
    assert [one.name for one in found.evidence] == ["text", name]
    nasty = np.array(["nasty" in item.extra["text"] for item in items])
    for one in found.evidence:
        assert one.saw_labels is False
        assert ((one.distribution[:, 1] > 0.5) == nasty).mean() > 0.75
    assert np.abs(found.evidence[0].distribution - found.evidence[1].distribution).max() > 0.01


def test_an_encoder_that_is_not_there_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")

    def offline(name: str, **_: object) -> str:
        raise OSError(f"no network for {name}\nand much more")

    monkeypatch.setattr(hub, "snapshot_download", offline)
    with pytest.raises(UsageError, match="no sentence encoder 'nobody/nothing': no network for nobody/nothing") as told:
        embedded_features([["a"]], "nobody/nothing")
    assert "text:FOLDER" in told.value.hint
    pytest.importorskip("torch")
    with pytest.raises(UsageError, match="no sentence encoder in"):
        embedded_features([["a"]], str(tmp_path))
