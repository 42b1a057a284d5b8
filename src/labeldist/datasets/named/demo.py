"""The demonstration items that ship with labeldist: always at hand, nothing to fetch."""

from __future__ import annotations

from pathlib import Path

from labeldist.datasets.catalog import Facts, Folders, dataset
from labeldist.datasets.jsonl import Rows, json_rows

# An absolute path is found whatever the folders of data sets are.
_FILE = Path(__file__).resolve().parents[1] / "demo" / "items.jsonl"

FACTS = Facts(
    name="demo",
    title="48 NLI items written for labeldist; with illustrative labels and references",
    splits={"all": {str(_FILE): 48}},
    default_split="all",
    labels="5, illustrative: drawn at random from the item's reference (seed 0), as if from five people",
    reference="illustrative counts that sum to 20, made up by the authors of the items",
    licence="Apache-2.0",
    citation="none: the items show how labeldist works, and figures on them say nothing about people",
    home="part of the package",
    task="nli",
    note="The authors of labeldist made up the texts and the references; the labels are random draws from the "
    "references (labeldist/datasets/demo/draw_labels.py, seed 0). No annotator was asked, so figures on this set show "
    "how the tool works and nothing about people or about the quality of a method.",
    reference_note="made up for illustration; labels drawn from it at random (seed 0)",
)


@dataset(FACTS)
def rows(path: Path, split: str, folders: Folders) -> Rows:
    """The file keeps the contract as it is; the column ``phenomenon`` says what each item plays with."""
    return json_rows(path)
