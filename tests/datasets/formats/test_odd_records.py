"""Whatever stands in a record, a reader gives a row or says what is wrong with it: never a traceback."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.datasets.formats.round_trip import rows_of
from tests.datasets.formats.test_argilla import FLAT
from tests.datasets.formats.test_doccano import row as doccano_row
from tests.datasets.formats.test_hugging_face import RECORDS
from tests.datasets.formats.test_mturk import row as mturk_row
from tests.datasets.formats.test_prodigy import binary, line
from tests.datasets.test_rows import anything

from labeldist.core.errors import InputError, UsageError
from labeldist.datasets.carried import COLUMN, OWN_ID
from labeldist.datasets.format import FORMATS, Sample
from labeldist.datasets.rows import item_from_row
from labeldist.tasks.labels import labels_task

TASK = labels_task(["ok", "toxic"])
NESTED = {
    "id": "r", "fields": {"text": "t"}, "metadata": {}, "vectors": {}, "suggestions": {"q": {"value": "ok"}},
    "responses": {"q": [{"value": "ok", "user_id": "a"}]},
}  # fmt: skip
MORE = {COLUMN: {"row": {"tags": 1}}, OWN_ID: "7", "Input." + OWN_ID: "7", "labeldist_annotators": '{"a": "b"}'}
GOOD: list[tuple[str, dict[str, Any]]] = [
    ("argilla", FLAT[0]), ("argilla", NESTED), ("prodigy", line("Hi.", "a", ["ok"])),
    ("prodigy", binary("Hi.", "a", "accept")), ("doccano", doccano_row(1, ["ok"])),
    ("mturk", mturk_row("H", "W", label="ok")), ("mturk", mturk_row("H", "W", taskAnswers='[{"q": {"ok": true}}]')),
    ("hugging-face", RECORDS[0] | {"soft_label": [0.5, 0.5]}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "good"), GOOD)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_odd_values_are_told(name: str, good: dict[str, Any], data: st.DataObject) -> None:
    column = data.draw(st.sampled_from([*good, *MORE]))
    value = data.draw(anything | st.lists(st.dictionaries(st.sampled_from(["value", "user_id", "id"]), anything)))
    odd = {**good, column: value}
    other = {**odd, data.draw(st.sampled_from([*good])): data.draw(anything)}
    form = FORMATS.get(name)
    assert isinstance(form.recognises(Sample([odd, other, good], "jsonl")), bool)
    assert isinstance(form.note(Sample([odd, other, good], "jsonl")), str)
    try:
        rows = rows_of(name, [odd, other, good])
    except UsageError:
        return
    assert rows
    for place, row in rows:
        if not isinstance(row, InputError):
            with suppress(InputError):
                item_from_row(row, TASK, place)
