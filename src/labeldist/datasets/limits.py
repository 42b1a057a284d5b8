"""The most that input may become, so that a small file cannot fill the memory or hold a command for hours.

Each is far beyond what texts to be judged need; docs/howto-own-data.md states them.
"""

from __future__ import annotations

LONGEST_LINE = 5_000_000  # bytes of a row: a text to be judged is far shorter, and each row is held in memory
LARGEST_DOCUMENT = 500_000_000  # bytes of a JSON document, which is read whole, unzipped
MOST_COLUMNS = 10_000  # of a table
MOST_BLANK_LINES = 100_000  # in a row, each of which takes time and packs to nearly nothing
EXPANDED_FREELY = 1_000_000_000  # bytes of a gzip file, whatever it was packed to
MOST_EXPANSION = 200  # times beyond that: rows of text pack to a tenth, the same byte again and again to a thousandth
MOST_VALUES = 20_000_000  # of a column of lists in one Parquet row group, which are held at a time
