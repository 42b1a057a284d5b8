"""Task folders are checked: file and field are named, unknown placeholders refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from labeldist.core.errors import InputError, UsageError
from labeldist.tasks.load import SHIPPED, load_task, shipped_tasks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the NLI task to spoil."""
    copy = tmp_path / "mine"
    copy.mkdir()
    for name in ("task.toml", "prompts.toml"):
        (copy / name).write_text((SHIPPED / "nli" / name).read_text(encoding="utf-8"), encoding="utf-8")
    return copy


def test_shipped_tasks_load() -> None:
    assert {"nli", "abductive-nli"} <= set(shipped_tasks())
    for name in shipped_tasks():
        task = load_task(name)
        assert task.name == name
        for label in task.labels:
            for spelling in (label.name, label.name.upper(), f" {label.name} ", *label.aliases):
                assert task.canonical(spelling) == label.name


def test_a_folder_of_your_own(folder: Path) -> None:
    assert load_task(str(folder)).label_names == load_task("nli").label_names


SPOILED = {
    "unknown placeholder": ("prompts.toml", "{premise}", "{text}", "{text}"),
    "attribute access": ("prompts.toml", "{premise}", "{premise.__class__}", "premise.__class__"),
    "no prompt": ("prompts.toml", "plain = ", "plane = ", "plain"),
    "broken TOML": ("prompts.toml", "[judge.letters]", "[judge.letters", "TOML"),
    "no fields": ("task.toml", 'fields = ["premise", "hypothesis"]', "fields = []", "'fields'"),
    "two labels of one name": ("task.toml", 'name = "neutral"', 'name = "entailment"', "'labels'"),
    "two labels of one alias": ("task.toml", '["n"]', '["e"]', "'labels'"),
    "no option of a style": ("task.toml", ', words = "neutral"', "", "'words'"),
    "verbalised is no text": ("task.toml", '"false (contradiction)"', "3", "'verbalised'"),
}


@pytest.mark.parametrize("kind", SPOILED)
def test_a_spoiled_task_is_refused(kind: str, folder: Path) -> None:
    name, old, new, told = SPOILED[kind]
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=name.replace(".", r"\.")) as raised:
        load_task(str(folder))
    assert told in str(raised.value)


def test_an_unknown_task_and_style_are_refused_with_the_choices() -> None:
    with pytest.raises(UsageError, match="did you mean 'nli'"):
        load_task("nil")
    with pytest.raises(UsageError, match="letters, words"):
        load_task("nli").prompts("numbers")
