"""Parquet in pieces whose size is known before anything is made of them: few bytes of a file can mean gigabytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place, shown
from labeldist.datasets.limits import LONGEST_LINE, MOST_VALUES
from labeldist.datasets.written_tables import load_parquet

BATCH_ROWS = 256
BATCH_BYTES = 64 << 20  # as the file says of its row groups
BATCH_VALUES = 4 << 20


def parquet_names(path: Path) -> list[str]:
    """The names of the columns; :class:`InputError` where there are none to be read."""
    _, parquet = load_parquet("reading Parquet")
    with _open(parquet, path, []) as file:
        return [str(name) for name in file.schema_arrow.names]


def parquet_pieces(path: Path) -> Iterator[Any]:
    """The rows as record batches, each of one row or of no more than ``LONGEST_LINE`` bytes of values.

    Texts stay in their dictionaries, so that one that is there a million times is held once. Raises
    :class:`InputError` for a file that is damaged, or would need too much.
    """
    arrow, parquet = load_parquet("reading Parquet")
    rows = 0
    with _open(parquet, path, []) as file:
        texts = [column.path for column in file.schema if column.physical_type == "BYTE_ARRAY"]
    with _open(parquet, path, texts) as file:
        for group in range(file.num_row_groups):
            batches = _batches(file, group, path)
            while True:
                try:
                    batch = next(batches, None)
                    pieces = [] if batch is None else list(_pieces(arrow, batch))
                except InputError:
                    raise
                except Exception as error:  # of damaged files pyarrow raises many kinds, and quotes them in no UTF-8
                    raise _damaged(error, path, f" after row {rows}") from error
                if batch is None:
                    break
                rows += batch.num_rows
                yield from pieces


def piece_bytes(arrow: Any, piece: Any) -> int:
    """How many bytes the values of a piece are."""
    return sum(_value_bytes(arrow, column) for column in piece.columns)


def row_values(arrow: Any, piece: Any) -> list[dict[str, Any]]:
    """The values of each row, by column; raises what pyarrow raises."""
    columns = [
        column.dictionary_decode() if arrow.types.is_dictionary(column.type) else column for column in piece.columns
    ]
    rows: list[dict[str, Any]] = arrow.RecordBatch.from_arrays(columns, names=piece.schema.names).to_pylist()
    return rows


def _value_bytes(arrow: Any, array: Any) -> int:
    """How many bytes the values of an array are, each counted as often as it is there."""
    if arrow.types.is_dictionary(array.type):
        text = arrow.types.is_string(array.type.value_type) or arrow.types.is_binary(array.type.value_type)
        if not text:
            return int(array.nbytes)
        lengths = arrow.compute.binary_length(array.dictionary).take(array.indices)
        return 8 * len(array) + (arrow.compute.sum(lengths).as_py() or 0)
    if arrow.types.is_map(array.type):
        ends = array.offsets
        first, count = ends[0].as_py(), ends[-1].as_py() - ends[0].as_py()
        return sum(_value_bytes(arrow, part.slice(first, count)) for part in (array.keys, array.items))
    if arrow.types.is_nested(array.type) and hasattr(array, "flatten"):
        inner = array.flatten()
        parts = inner if isinstance(inner, list) else [inner]
        return 8 * len(array) + sum(_value_bytes(arrow, part) for part in parts)
    return int(array.nbytes)


def _pieces(arrow: Any, batch: Any) -> Iterator[Any]:
    """The batch, or its halves where it would need too much."""
    import pyarrow.compute  # noqa: F401 (a module of its own)

    if batch.num_rows <= 1 or piece_bytes(arrow, batch) <= LONGEST_LINE:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _pieces(arrow, batch.slice(0, half))
    yield from _pieces(arrow, batch.slice(half))


def _batches(file: Any, group: int, path: Path) -> Iterator[Any]:
    # pyarrow ends the process where it is asked about a damaged column that it has not begun to read.
    next(file.iter_batches(batch_size=1, row_groups=[group], use_threads=False), None)
    about = file.metadata.row_group(group)
    columns = [about.column(at) for at in range(about.num_columns)]
    size = sum(column.total_uncompressed_size for column in columns)
    values = max((column.num_values for column in columns), default=0)
    if values > max(MOST_VALUES, about.num_rows):  # a column of lists has more values than the table rows
        found = f"{values:,} values of a column in row group {group + 1}"
        raise InputError(found, expected=f"at most {MOST_VALUES:,}", place=Place(path), hint="write smaller row groups")
    share = max(size / BATCH_BYTES, values / BATCH_VALUES)  # how many batches' worth
    rows = int(about.num_rows / share) if share > 1 else BATCH_ROWS
    yield from file.iter_batches(batch_size=max(1, min(BATCH_ROWS, rows)), row_groups=[group], use_threads=False)


def _open(parquet: Any, path: Path, dictionaries: list[str]) -> Any:
    try:
        return parquet.ParquetFile(path, read_dictionary=dictionaries or None)
    except Exception as error:  # see above
        raise _damaged(error, path, " after row 0") from error


def _damaged(error: Exception, path: Path, where: str) -> InputError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return InputError(f"{shown(reason, 100)}{where}", expected="a whole Parquet file", place=Place(path))
