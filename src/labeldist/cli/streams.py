"""The places of the three standard streams, held where one of them is closed."""

from __future__ import annotations

import os


def hold_places() -> None:
    """Open nothing in the place of each closed stream.

    A file opened while one of the first three numbers is free would get it, and what a library writes to standard
    error would end in that file: in the store, say.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)
