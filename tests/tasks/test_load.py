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
    "an unclosed brace": ("prompts.toml", "{premise}", "{premise", "each brace closed"),
    "a lone closing brace": ("prompts.toml", "{premise}", "premise}", "each brace closed"),
    "a format": ("prompts.toml", "is {label} given", "is {label:d} given", "'explain': found placeholder {label:d}"),
    "a conversion": ("prompts.toml", "{premise}", "{premise!r}", "{premise!r}"),
    "a placeholder without a name": ("prompts.toml", "{premise}", "{}", "placeholder {}"),
    "an answer form with an unknown placeholder": (
        "prompts.toml",
        '["{option}", " {option}"]',
        '["{option}", "{text}"]',
        "'judge.words.answer_forms': found placeholder {text}",
    ),
    "an answer form that is the same for all": (
        "prompts.toml",
        '["{option}", " {option}"]',
        '["yes"]',
        "'judge.words.answer_forms': found 'yes' without {letter} or {option}",
    ),
    "plain without options": ("prompts.toml", "{hypothesis} \\n{options}.", "{hypothesis}", "without {options}"),
    "plain without fields": (
        "prompts.toml",
        'plain = "Please determine whether',
        'plain = "{options}"\n# "Please determine whether',
        "without {premise} or {hypothesis}",
    ),
    "commented without comments": ("prompts.toml", "{comments}", "", "'judge.letters.commented'"),
    "explain without label": ("prompts.toml", "is {label} given", "is so given", "'explain'"),
    "explain without fields": ("prompts.toml", 'explain = "', 'explain = "{label}"\n# "', "'explain'"),
    "comment without text": ("prompts.toml", ': {text} "', ': "', "'judge.letters.comment'"),
    "explicit comment without option": ("prompts.toml", "I choose {option}", "I choose", "explicit_comment'"),
    "option without option": ("prompts.toml", 'option = "{letter}. {option}"', 'option = "x"', "letters.option'"),
    "a misspelt key": ("prompts.toml", "comment = ", "coment = ", "did you mean 'comment'?"),
    "a misspelt key of a label": (
        "task.toml",
        "aliases",
        "alias",
        "labels.alias': found a key that nothing reads",
    ),
    "a misspelt key of a task": ("task.toml", "fields = ", "field = ", "did you mean 'fields'?"),
    "validity without the reason": (
        "prompts.toml",
        "gave this reason: {comments} \\nIs this",
        "gave a reason. \\nIs this",
        "'validity.scored'",
    ),
    "a misspelt key of validity": ("prompts.toml", "stated = ", "state = ", "did you mean 'stated'?"),
    "validity without yes": ("prompts.toml", 'yes = ["Yes", " Yes", "yes", " yes"]', "yes = []", "'validity.yes'"),
    "a misspelt key of a paraphrase": ("prompts.toml", "{ plain = ", "{ plane = ", "did you mean 'plain'?"),
    "paraphrases that are no list": ("prompts.toml", "paraphrases = [\n", "paraphrases = [\n3,", "paraphrases'"),
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


@pytest.mark.parametrize("name", ["options", "comments", "label", "premise.x", "two words", "0"])
def test_a_field_that_cannot_be_a_placeholder_is_refused(name: str, folder: Path) -> None:
    for file in ("task.toml", "prompts.toml"):
        text = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_text(text.replace('"premise"', f'"{name}"').replace("{premise}", f"{{{name}}}"))
    with pytest.raises(InputError, match=r"task\.toml, field 'fields'"):
        load_task(str(folder))


def test_a_folder_may_be_named_by_its_file_and_is_found_nearby(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_task(str(folder / "task.toml")).name == folder.name
    monkeypatch.chdir(folder.parent)
    with pytest.raises(UsageError, match=f"did you mean '{folder.name}'"):
        load_task(folder.name + "x")


def test_braces_may_be_escaped(folder: Path) -> None:
    text = (folder / "prompts.toml").read_text(encoding="utf-8")
    (folder / "prompts.toml").write_text(text.replace("{premise}", "{{x}} {premise}"), encoding="utf-8")
    assert "{{x}}" in load_task(str(folder)).explain_prompt


def test_an_unknown_task_and_style_are_refused_with_the_choices() -> None:
    with pytest.raises(UsageError, match="did you mean 'nli'"):
        load_task("nil")
    with pytest.raises(UsageError, match=r"or name a folder that has a task\.toml"):
        load_task("/nowhere/task.toml")
    with pytest.raises(UsageError, match="letters, words"):
        load_task("nli").prompts("numbers")
