"""Scripts of the mock are checked before anything is asked of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from labeldist.core.errors import InputError
from labeldist.models.scripted import Rule, read_script


def test_a_script_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('[{"contains": "x", "text": "y"}, {"contains": "", "answers": {"A": 3, "B": -1.5}}]')
    assert read_script(path) == [Rule("x", "y"), Rule("", None, (("A", 3), ("B", -1.5)))]


@pytest.mark.parametrize(
    "rule",
    [
        "3",
        "{}",
        '{"contains": 3}',
        '{"contains": "x", "text": null}',
        '{"contains": "x", "text": "\\ud800"}',
        '{"contains": "x", "answers": [1, 2]}',
        '{"contains": "x", "answers": 3}',
        '{"contains": "x", "answers": null}',
        '{"contains": "x", "answers": {"": 1}}',
        '{"contains": "x", "answers": {"\\ud800": 1}}',
        '{"contains": "x", "answers": {"A": "1"}}',
        '{"contains": "x", "answers": {"A": true}}',
        '{"contains": "x", "answers": {"A": 1e999}}',
        '{"contains": "x", "answers": {"A": -Infinity}}',
        '{"contains": "x", "answers": {"A": NaN}}',
        '{"contains": "x", "answers": {"A": 1e300}}',
        f'{{"contains": "x", "answers": {{"A": {"9" * 400}}}}}',
    ],
)
def test_a_bad_rule_is_refused_by_its_number(rule: str, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(f'[{{"contains": "x"}}, {rule}]')
    with pytest.raises(InputError, match=r"s\.json, field 'rule 2': .*finite"):
        read_script(path)


@pytest.mark.parametrize("content", ["", "{", "{}", "[" * 100_000, f"[{'9' * 5000}]"])
def test_what_is_no_list_of_rules_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(content)
    with pytest.raises(InputError, match="a JSON list of rules"):
        read_script(path)
