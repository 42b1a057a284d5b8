"""The benchmark of the engine: its prompts are the published ones, its ways compute the same, its bars are asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the extra 'transformers' is not installed")

from benchmarks.engine import __main__ as command
from benchmarks.engine import catalog, llamas, memory, padded, prompts, published, ratios, sweep
from benchmarks.engine.setup import Setup
from benchmarks.results import write


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, shared_data: Path) -> llamas.Llama:
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    monkeypatch.setitem(llamas.SIZES, "tiny", shape)
    return llamas.opened("tiny")


@pytest.mark.parametrize(("size", "millions"), [("17M", 17.3), ("158M", 158.4)])
def test_the_sizes_are_what_they_are_called(size: str, millions: float) -> None:
    import torch

    with torch.device("meta"):
        assert llamas.opened(size).parameters / 1e6 == pytest.approx(millions, abs=0.05)


def test_prompts_of_an_item(tiny: llamas.Llama) -> None:
    [(item, explanations)] = prompts.items(1)
    assert len(explanations) == 4
    asked = prompts.in_all_orders(tiny.model, (item, explanations))
    assert len({tuple(sequence) for sequence in asked}) == len(asked) == 144
    swept = prompts.swept(tiny.model, (item, explanations))
    assert len({tuple(sequence) for sequence in swept}) == len(swept) == 390
    assert len(prompts.in_all_orders(tiny.model, (item, (*explanations, explanations[0])))) == 720
    assert {sequence[0] for sequence in swept} == {101}


def test_a_run_measures_both_ways_and_the_bound(tiny: llamas.Llama) -> None:
    found = ratios.compared(Setup(runs=1), tiny, prompts.in_all_orders)
    assert tiny.model._found_out == {"no prompts as a tree": None}, "the tree was not used"
    [run] = found["runs"]
    assert found["median"] == run
    assert run["prompts"] == 144
    assert run["tokens per node"] > 5
    assert run["ratio"] == pytest.approx(run["padded"] / run["tree"], rel=0.05, abs=0.05)
    assert "144" in ratios.rendered({"tiny": found})


def test_the_published_procedure_is_counted_as_a_whole(tiny: llamas.Llama, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "NEW", 2)
    clock = iter([1.0, 2.0])
    monkeypatch.setattr(Setup, "seconds", lambda self, work: (work(), next(clock))[1])
    found = published._compared(Setup(runs=1), tiny)
    assert found["median"] == {"tree": 1.0, "published": 14.4, "ratio": 14.4}


def test_bars() -> None:
    def sizes(small: dict[str, float], large: dict[str, float]) -> dict[str, Any]:
        return {"sizes": {"17M": {"median": small}, "158M": {"median": large}}}

    found = sizes({"ratio": 5.6}, {"ratio": 6.4, "share of the bound": 0.81})
    assert [point.reached for point in padded.points(found)] == [True, False, True]
    assert [point.reached for point in published.points(sizes({"ratio": 49.0}, {"ratio": 50.0}))] == [False, True]
    assert [point.reached for point in sweep.points(sizes({"ratio": 1.0}, {"ratio": 10.0}))] == [True]
    [point] = memory.points({"prompts": 720, "MB loaded": 1000, "peak MB": 1501})
    assert not point.reached


def test_an_unknown_measurement_is_refused() -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(["speed"])
    assert caught.value.code == 2


def test_results_are_kept_beside_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "results.json"
    write({"memory": {"prompts": 720, "tokens": 9, "MB loaded": 1000, "peak MB": 1100}}, catalog.MEASUREMENTS, file)
    assert command.main(["memory", "--show", "--out", str(file)]) == 0
    assert "1,100" in capsys.readouterr().out
    assert command.main(["sweep", "--show", "--out", str(file)]) == 1
