"""Few bytes that would become many: refused by what they become, before it is made."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import pytest

from labeldist.core.errors import InputError
from labeldist.datasets.files import read_rows, write_rows


def refused(path: Path) -> str:
    began = time.process_time()
    try:
        found = next(row for _, row in read_rows(path) if isinstance(row, InputError))
    except InputError as error:
        found = error
    assert time.process_time() - began < 4
    return str(found)


def test_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(b"\n" * 20_000_000, 1))
    assert "100,000 blank lines" in refused(file)
    file.write_bytes(gzip.compress(b" " * 20_000_000, 1))
    assert "a line longer than" in refused(file)


def test_columns_and_keys(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",".join(["id", *map(str, range(200_000))]) + "\n1\n")
    assert "200,001 columns" in refused(tmp_path / "a.csv")
    keys = json.dumps(dict.fromkeys(map(str, range(100_000)), 1))[:-1]
    (tmp_path / "a.jsonl").write_text(keys + ', "99999": 2}\n')
    assert "'99999' twice" in refused(tmp_path / "a.jsonl")


def test_a_row_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.csv"):
        with pytest.raises(InputError, match="can be read again"):
            write_rows(tmp_path / name, [{"id": "1", "text": "x" * 5_000_000}])
        assert not (tmp_path / name).exists()


def test_parquet(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "a.parquet"

    def written(**columns: object) -> Path:
        parquet.write_table(arrow.table(columns), file, compression="zstd")
        assert file.stat().st_size < 20_000
        return file

    ids = [str(number) for number in range(300)]
    texts = arrow.DictionaryArray.from_arrays(arrow.array([0] * 300, arrow.int32()), ["x" * 8_000_000])
    assert "a row of 8,000," in refused(written(id=ids, premise=texts))
    assert "bytes, expected at most 5,000,000" in refused(written(id=["1"], labels=[["y" * 1000] * 20_000]))
    # 300 rows of 4 MB are within the limit of a row, and never held together.
    texts = arrow.DictionaryArray.from_arrays(arrow.array([0] * 300, arrow.int32()), ["x" * 4_000_000])
    assert sum(len(row["premise"]) == 4_000_000 for _, row in read_rows(written(id=ids, premise=texts))) == 300  # type: ignore[index, arg-type]
