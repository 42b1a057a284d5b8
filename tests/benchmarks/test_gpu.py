"""The script for a machine with a GPU, tried on the CPU with a tiny network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra 'transformers' is not installed")
pytest.importorskip("transformers", reason="the extra 'transformers' is not installed")

from benchmarks.gpu import block_masks, measure  # noqa: E402
from benchmarks.gpu.__main__ import main  # noqa: E402
from benchmarks.gpu.prompts import item_prompts  # noqa: E402

from labeldist.models.prompt_tree import passes  # noqa: E402


@pytest.mark.slow
def test_it_measures_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "NODES", (2048,))
    monkeypatch.setattr(measure, "ROWS", (1, 2))
    monkeypatch.setattr(measure, "item_prompts", lambda *given: item_prompts(*given)[::12])
    some = ["--size", "tiny", "--device", "cpu", "--items", "2", "--attention", "sdpa", "--attention", "eager"]
    assert main([*some, "--out", str(tmp_path)]) == 0
    rows = json.loads((tmp_path / "gpu.json").read_text())
    assert rows == [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert not [row for row in rows if "failed" in row]
    assert [row["largest difference"] < 1e-4 < row["spread of the logits"] for row in rows[1:3]] == [True, True]
    what = [row["what"] for row in rows[3:]]
    assert what.count("tree") == 4
    assert {"bound", "alone", "batches"} <= set(what)
    assert all(row["seconds"] > 0 for row in rows[3:])


def test_it_ends_in_time(tmp_path: Path) -> None:
    assert main(["--size", "tiny", "--device", "cpu", "--minutes", "0", "--out", str(tmp_path)]) == 0
    assert [row["what"] for row in json.loads((tmp_path / "gpu.json").read_text())] == ["machine", "stopped"]


def test_a_tree_that_is_wrong_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*given: Any) -> Any:
        return ((members, logits + 1e-3) for members, logits in right(*given))

    right = measure.tree.last_logits
    monkeypatch.setattr(measure.tree, "last_logits", wrong)
    some = ["--size", "tiny", "--device", "cpu", "--minutes", "0.001", "--attention", "sdpa"]
    assert main([*some, "--out", str(tmp_path)]) == 1


def test_blocks_hold_the_mask_of_a_pass() -> None:
    from torch.nn.attention.flex_attention import create_mask

    for one in passes(item_prompts(1, 997)[::6], 300, 2):
        made = block_masks.block_mask(one, torch.device("cpu"))
        rows, nodes, places = one.mask.shape
        np.testing.assert_array_equal(create_mask(made.mask_mod, rows, 1, nodes, places, device="cpu")[:, 0], one.mask)
