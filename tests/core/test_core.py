"""The words: distributions are checked, errors say where, names are found lazily."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeldist.core.distribution import LabelDistribution, OptionScores, proportions
from labeldist.core.errors import InputError, LabeldistError, MissingExtraError, Place, UsageError
from labeldist.core.item import Annotation, Item
from labeldist.core.registry import Registry


@pytest.mark.parametrize("bad", [(0.5, 0.6), (-0.1, 1.1), (math.nan, 1.0), (math.inf, 0.0), (1.0,), (0.0, 0.0)])
def test_no_distribution(bad: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        LabelDistribution(("yes", "no"), bad)


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 100)).filter(lambda counts: sum(counts.values())))
def test_proportions(counts: dict[str, int]) -> None:
    found = proportions(counts, "abcd").as_dict()
    assert list(found) == list("abcd")
    assert all(found[label] == pytest.approx(counts.get(label, 0) / sum(counts.values())) for label in "abcd")


@pytest.mark.parametrize("bad", [{}, {"a": 0}, {"a": -1, "b": 2}, {"a": math.nan}, {"x": 1}])
def test_no_proportions(bad: dict[str, float]) -> None:
    with pytest.raises(InputError):
        proportions(bad, "ab")


def test_answer_mass_is_a_probability_before_renormalising() -> None:
    logits = (1.0, 2.0, -3.0)
    rest = math.exp(0.5)
    scores = OptionScores(tuple("abc"), logits, math.log(sum(map(math.exp, logits)) + rest))
    assert scores.answer_mass == pytest.approx(1 - rest / (sum(map(math.exp, logits)) + rest))


def test_groups_come_from_the_names_of_annotators() -> None:
    item = Item("1", {}, tuple(Annotation("x", name) for name in ("b/2", "a/1", "b/1", "someone", None, "a/1/2")))
    assert item.groups() == ["b", "a"]
    assert item.label_counts(["x"]) == (6,)
    assert item.label_counts(["x"], "a") == (2,)


def test_a_message_says_where_what_and_what_to_do() -> None:
    error = InputError("7", expected="a text", place=Place(Path("a.csv"), 3, "id"), hint="quote it")
    assert str(error) == "a.csv, line 3, field 'id': found 7, expected a text\n  hint: quote it"
    assert error.exit_status == 2
    assert LabeldistError("x").exit_status == 1
    assert "pip install '.[parquet]'" in str(MissingExtraError("Parquet", "parquet"))


def test_lazy_parts_are_imported_when_asked_for() -> None:
    registry: Registry[object] = Registry("thing")
    registry.lazy("path", "pathlib:Path")
    registry.lazy("broken", "no_such_module:x")
    assert registry.names() == ["path", "broken"]
    assert registry.get("path") is Path
    with pytest.raises(ModuleNotFoundError):
        registry.get("broken")


def test_one_name_for_two_parts_is_refused() -> None:
    registry: Registry[object] = Registry("thing")
    registry.add("a")(1)
    with pytest.raises(UsageError, match="'a'"):
        registry.add("a")(2)


def test_a_look_up_beside_another_one_waits_until_the_parts_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_parts").mkdir()
    (tmp_path / "slow_parts" / "__init__.py").write_text("")
    (tmp_path / "slow_parts" / "one.py").write_text("import time\ntime.sleep(0.3)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry: Registry[object] = Registry("thing", "slow_parts")
    registry.add("early")("a part")
    with ThreadPoolExecutor(1) as other:
        begun = time.monotonic()
        first = other.submit(registry.names)
        time.sleep(0.1)  # the other thread is in the middle of the import
        registry.names()
        assert time.monotonic() - begun > 0.3
        first.result()
