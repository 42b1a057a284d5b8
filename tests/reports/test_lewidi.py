"""Files for the Le-Wi-Di shared task, read back and compared with what was written."""

from __future__ import annotations

import ast
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

NAMES = {"lewidi-csc": "CSC", "lewidi-mp": "MP", "lewidi-paraphrase": "Paraphrase", "lewidi-varierr": "VariErrNLI"}


@pytest.mark.parametrize("name", NAMES)
def test_the_published_soft_labels_come_back(
    name: str, labeldist: Callable[..., subprocess.CompletedProcess[str]], shared_data: Path, tmp_path: Path
) -> None:
    """Predict what the annotators said: the file then has the published soft labels, in their order."""
    environment = {"LABELDIST_DATA": str(shared_data)}
    published = json.loads((shared_data / "lewidi2025" / f"{NAMES[name]}_dev.json").read_text(encoding="utf-8"))
    from labeldist.datasets.source import open_source

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABELDIST_DATA", str(shared_data))
        dataset = open_source(f"{name}:dev")
        labels = dataset.task.label_names
        rows = []
        for item in dataset.items():
            counts = item.label_counts(labels)
            shares = {label: count / sum(counts) for label, count in zip(labels, counts, strict=True)}
            rows.append(json.dumps({"id": item.id, "distribution": shares}))
    stranger = json.dumps({"id": "stranger", "distribution": dict.fromkeys(labels, 1 / len(labels))})
    (tmp_path / "said.jsonl").write_text("\n".join([*rows, stranger]) + "\n")
    done = labeldist("submission", "said.jsonl", "--reference", f"{name}:dev", "--out", "soft.tsv", **environment)
    assert done.returncode == 0, done.stderr
    assert "1 prediction of no item" in done.stderr
    lines = (tmp_path / "soft.tsv").read_text().splitlines()
    assert [line.partition("\t")[0] for line in lines] == list(published)
    for line, row in zip(lines, published.values(), strict=True):
        found = ast.literal_eval(line.partition("\t")[2])
        soft = row["soft_label"]
        # The published objects have the labels in no fixed order.
        labels_in_order = ("contradiction", "entailment", "neutral")
        several = name == "lewidi-varierr"
        expected = [[soft[label][key] for key in "01"] for label in labels_in_order] if several else [*soft.values()]
        for one, other in zip(found, expected, strict=True):
            assert one == pytest.approx(other, abs=0.011)
        for part in found if isinstance(found[0], list) else [found]:
            assert sum(part) == pytest.approx(1, abs=1e-9)


def test_other_data_is_refused(labeldist: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"id": "demo-01", "distribution": {"e": 1, "n": 0, "c": 0}}\n')
    done = labeldist("submission", "p.jsonl", "--reference", "demo")
    assert done.returncode == 2
    assert "lewidi-csc" in done.stderr
    assert "Traceback" not in done.stderr
