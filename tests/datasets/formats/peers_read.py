"""Run in the peers' environment: reads files with the libraries that they are for, and prints what these saw."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(folder: Path) -> None:
    """Print, as one line of JSON, what each library read."""
    import pandas as pd
    from argilla.records._io import JsonIO
    from cleanlab.multiannotator import get_label_quality_multiannotator, get_majority_vote_label
    from crowdkit.aggregation import DawidSkene, MajorityVote

    from datasets import ClassLabel, load_dataset

    seen: dict[str, Any] = {}

    for name, loaded in {
        "folder": load_dataset(str(folder / "hf"), split="train"),
        "parquet": load_dataset("parquet", data_files=str(folder / "hf.parquet"), split="train"),
    }.items():
        feature = loaded.features["human_labels"].feature
        assert isinstance(feature, ClassLabel)
        seen[name] = {
            "names": feature.names,
            "labels": {
                row["id"]: [
                    [who, feature.int2str(label)]
                    for who, label in zip(row["annotator_ids"], row["human_labels"], strict=True)
                ]
                for row in loaded
            },
            "texts": {row["id"]: row["text"] for row in loaded},
            "soft": {row["id"]: row["soft_label"] for row in loaded},
        }

    flat = load_dataset("json", data_files=str(folder / "argilla.jsonl"), split="train")
    seen["argilla flat"] = {
        row["id"]: [
            [who, label] for who, label in zip(row["label.responses.users"], row["label.responses"], strict=True)
        ]
        for row in flat
    }
    records = JsonIO._records_from_json(folder / "argilla.json")
    seen["argilla nested"] = {record.id: [one.value for one in record.responses["label"]] for record in records}
    seen["argilla texts"] = {record.id: record.fields["text"] for record in records}

    frame = pd.read_csv(folder / "crowd-kit.csv", dtype=str, keep_default_na=False)
    seen["crowd-kit"] = len(frame)
    seen["majority"] = MajorityVote().fit_predict(frame).to_dict()
    seen["dawid-skene"] = len(DawidSkene(n_iter=3).fit_predict(frame))

    matrix = pd.read_csv(folder / "cleanlab.csv", index_col="id", dtype={"id": str})
    votes = get_majority_vote_label(matrix.to_numpy(dtype=float))
    seen["cleanlab"] = dict(zip(matrix.index, map(int, votes), strict=True))
    probabilities = pd.read_csv(folder / "cleanlab.pred_probs.csv", index_col="id", dtype={"id": str})
    quality = get_label_quality_multiannotator(matrix, probabilities.to_numpy(), verbose=False)
    seen["quality"] = len(quality["label_quality"])
    seen["tables"] = {name: len(pd.read_csv(folder / name)) for name in ("mturk.csv", "cleanlab.classes.csv")}

    print(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
