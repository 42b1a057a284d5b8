"""Whatever is in a file, reading it ends with rows or an error of ours."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from tests.fuzz.mutations import EDITS, fuzz, mutated

from labeldist.core.errors import InputError, LabeldistError
from labeldist.datasets.files import read_items, write_rows
from labeldist.datasets.layout import ITEMS
from labeldist.datasets.predictions import read_predictions
from labeldist.tasks.load import SHIPPED, load_task

NLI = load_task("nli")
ROWS = [
    {"id": "1", "premise": "It rains.", "hypothesis": "It is wet.", "labels": ["e", {"annotator": "a", "label": "n"}],
     "explanations": [{"label": "e", "text": "Rain is wet.", "source": "human"}], "page": 7},
    {"id": "2", "premise": "A dog – here.", "hypothesis": "An animal.", "labels": {"e": 3, "n": 1},
     "reference": {"e": 60, "n": 40, "c": 0}, "evidence": {"m": {"logits": {"e": 1.5, "n": -2.0, "c": 0.5}}}},
]  # fmt: skip
PREDICTIONS = [{"id": "1", "distribution": {"e": 0.5, "n": 0.25, "c": 0.25}, "interval": {"e": [0.1, 0.9]}},
               {"id": "2", "scores": {"e": 5, "n": 2.5, "c": 1}, "orders": 12}]  # fmt: skip


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".parquet", ".jsonl.gz", ".csv.gz"])
def test_items(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"items{suffix}"
    write_rows(file, ROWS, ITEMS)
    valid = file.read_bytes()

    def check(edits: list[tuple[str, float, int, int]]) -> None:
        file.write_bytes(mutated(valid, edits))
        with suppress(LabeldistError):
            list(read_items(file, NLI, on_error="skip", failures=[], repeated="each"))

    fuzz(check, EDITS)


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".csv.gz"])
def test_packed_items(suffix: str, tmp_path: Path) -> None:
    """As before, changed before they are packed: nearly every change after it ends in a wrong checksum."""
    file = tmp_path / f"items{suffix}"
    write_rows(file, ROWS, ITEMS)
    valid = gzip.decompress(file.read_bytes())

    def check(edits: list[tuple[str, float, int, int]]) -> None:
        file.write_bytes(gzip.compress(mutated(valid, edits), 1))
        with suppress(LabeldistError):
            list(read_items(file, NLI, on_error="skip", failures=[], repeated="each"))

    fuzz(check, EDITS)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_predictions(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"found{suffix}"
    write_rows(file, PREDICTIONS)
    valid = file.read_bytes()

    def check(edits: list[tuple[str, float, int, int]]) -> None:
        file.write_bytes(mutated(valid, edits))
        with suppress(LabeldistError):
            list(read_predictions(file, NLI, on_error="skip", failures=[]))

    fuzz(check, EDITS)


@pytest.mark.parametrize("name", ["task.toml", "prompts.toml"])
@pytest.mark.parametrize("task", ["nli", "abductive-nli"])
def test_tasks(task: str, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    for file in ("task.toml", "prompts.toml"):
        (folder / file).write_bytes((SHIPPED / task / file).read_bytes())
    valid = (folder / name).read_bytes()

    def check(edits: list[tuple[str, float, int, int]]) -> None:
        (folder / name).write_bytes(mutated(valid, edits))
        with suppress(LabeldistError):
            load_task(str(folder))

    fuzz(check, EDITS)


def test_scripts(tmp_path: Path) -> None:
    from labeldist.models.scripted import read_script

    file = tmp_path / "script.json"
    valid = json.dumps([{"contains": "It rains.", "text": "* Wet.", "answers": {"A": 3.0, "B": 1.0}}]).encode()

    def check(edits: list[tuple[str, float, int, int]]) -> None:
        file.write_bytes(mutated(valid, edits))
        with suppress(LabeldistError):
            read_script(file)

    fuzz(check, EDITS)


def refused(file: Path) -> str:
    with pytest.raises(InputError) as caught:
        for _ in read_items(file, NLI):
            pass
    return str(caught.value)


def test_blank_lines_without_end(tmp_path: Path) -> None:
    for suffix in (".jsonl.gz", ".csv.gz"):
        file = tmp_path / f"blank{suffix}"
        file.write_bytes(
            gzip.compress(b"id,premise,hypothesis\n" + b"\n" * 200_000 if "csv" in suffix else b"\n" * 200_000)
        )
        assert "blank lines" in refused(file)


def test_small_parquet_files_that_grow(tmp_path: Path) -> None:
    """A long text that all rows share, alone and in lists; a list of millions of equal numbers."""
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    long = "x" * 6_000_000
    few = arrow.array([str(row) for row in range(256)])
    texts = arrow.array(["y" * 60_000]).dictionary_encode().take(arrow.array([0] * 25_600))
    lists = arrow.ListArray.from_arrays(arrow.array(range(0, 25_601, 100)), texts)
    tables = [
        {"id": few, "premise": arrow.array([long]).dictionary_encode().take(arrow.array([0] * 256))},
        {"id": few, "labels": lists},
        {"id": arrow.array(["1"]), "labels": arrow.array([[0] * 3_000_000])},
    ]
    for number, (table, said) in enumerate(zip(tables, ("a row of 6,0", "a row of", "a row of"), strict=True)):
        packed = io.BytesIO()
        parquet.write_table(arrow.table(table), packed, compression="zstd", store_schema=False)
        (tmp_path / f"{number}.parquet").write_bytes(packed.getvalue())
        before = arrow.total_allocated_bytes()
        assert said in refused(tmp_path / f"{number}.parquet")
        assert arrow.total_allocated_bytes() - before < 100_000_000


EVERY_BYTE = """
import sys
from contextlib import suppress
from pathlib import Path
from labeldist.core.errors import InputError
from labeldist.datasets.parquet import parquet_pieces

file = Path(sys.argv[1])
valid = file.read_bytes()
for at in range(len(valid) - 8 - int.from_bytes(valid[-8:-4], "little"), len(valid) - 8):
    file.write_bytes(valid[:at] + bytes([valid[at] ^ 1]) + valid[at + 1 :])
    with suppress(InputError):
        list(parquet_pieces(file))
print("alive")
"""


def test_no_footer_of_parquet_ends_the_process(tmp_path: Path) -> None:
    """pyarrow can call C's abort, which no test survives: in a process of its own, each byte of the footer changed."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"id": ["1", "2"], "labels": [["a"], ["b", "c"]]}), tmp_path / "items.parquet")
    done = subprocess.run(
        [sys.executable, "-c", EVERY_BYTE, str(tmp_path / "items.parquet")], capture_output=True, text=True, check=False
    )
    assert done.stdout == "alive\n", done.stderr[-500:]
