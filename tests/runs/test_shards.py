"""Parts of a source, run apart: together they are the whole run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labeldist.core.errors import InputError, UsageError
from labeldist.datasets.source import open_source
from labeldist.runs.pipeline import run
from labeldist.runs.posterior import estimate_to_file
from labeldist.runs.settings import RunSettings

CONDITIONS = ("none", "label-guided")
MJDS = [f"mjd.{name}.jsonl" for name in CONDITIONS]


@pytest.fixture
def source(tmp_path: Path) -> str:
    """Forty items, of which every third has other labels."""
    file = tmp_path / "items.jsonl"
    with file.open("w") as out:
        for at in range(40):
            labels = ["e", "e", "n"] if at % 3 else ["c", "n", "n"]
            row = {"id": f"i{at}", "premise": f"Premise {at}.", "hypothesis": "It follows.", "labels": labels}
            out.write(json.dumps(row) + "\n")
    return str(file)


def settings(source: str, **more: object) -> RunSettings:
    return RunSettings(source, model="scripted", conditions=CONDITIONS, **more)  # type: ignore[arg-type]


def test_shards_merged_are_the_whole_run_and_estimate_to_the_same(source: str, tmp_path: Path) -> None:
    run(settings(source), tmp_path / "whole")
    for number in (1, 2, 3):
        run(settings(source, shard=f"{number}/3"), tmp_path / str(number))
    merged = tmp_path / "merged"
    merged.mkdir()
    for name in MJDS:
        parts = [(tmp_path / str(number) / name).read_bytes() for number in (1, 2, 3)]
        assert all(parts)
        (merged / name).write_bytes(b"".join(parts))
        # Line by line the same bytes; the order is that of the shards.
        assert sorted(b"".join(parts).splitlines()) == sorted((tmp_path / "whole" / name).read_bytes().splitlines())
    found, expected = tmp_path / "found.jsonl", tmp_path / "expected.jsonl"
    for folder, out in ((merged, found), (tmp_path / "whole", expected)):
        estimate_to_file(open_source(source), out, evidence=[f"{name}={folder / name}" for name in MJDS])
    assert found.read_bytes() == expected.read_bytes() == (tmp_path / "whole/posterior.jsonl").read_bytes()


def test_a_shard_has_a_folder_of_its_own(source: str, tmp_path: Path) -> None:
    run(settings(source, shard="1/3"), tmp_path / "out")
    with pytest.raises(UsageError, match="shard was '1/3', is '2/3'"):
        run(settings(source, shard="2/3"), tmp_path / "out")


@pytest.mark.parametrize(
    "spec", ["01/3", "١/٣", "0/3", "4/3", "3", "1/", "/", "-1/3", "1/3/5", "1.5/3", "a/b", "1/9999999"]
)
def test_a_part_that_is_none_is_refused(source: str, spec: str) -> None:
    with pytest.raises(UsageError, match="no part of the items"):
        open_source(source, shard=spec)


def test_a_shard_without_items_says_so(source: str, tmp_path: Path) -> None:
    empty = next(n for n in range(1, 1001) if not list(open_source(source, shard=f"{n}/1000").items()))
    with pytest.raises(InputError, match=f"no items in the shard {empty}/1000"):
        run(settings(source, shard=f"{empty}/1000"), tmp_path / "out")


def test_all_shards_are_read_strictly(source: str) -> None:
    """A bad row must not be found by one machine of many only."""
    with Path(source).open("a") as file:
        file.write("{}\n")
    for number in (1, 2):
        with pytest.raises(InputError, match="line 41"):
            list(open_source(source, shard=f"{number}/2").items())
