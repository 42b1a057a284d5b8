"""The embedded model was trained on nothing that it is evaluated on: checked against the files themselves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from labeldist.datasets.source import open_source

pytest.importorskip("torch", reason="the extra 'transformers' is not installed")


def key(text: str) -> str:
    return re.sub(r"[^0-9a-z]+", "", text.lower())


def test_no_premise_of_an_evaluation_set_is_trained_on(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training import data

    corpus = data.load(shared_data)
    trained = {key(pair.premise) for pair in corpus.train}
    assert len(corpus.train) > 80_000
    monkeypatch.setenv("LABELDIST_DATA", str(shared_data))
    for name in ("chaosnli-snli", "chaosnli-mnli", "mjd-estimator", "mjd-estimator:dev", "varierr", "mnli", "demo"):
        premises = {key(item.fields["premise"]) for item in open_source(name).items()}
        assert len(premises) > 40
        assert not premises & trained, name
    for part in (corpus.dev, corpus.report):
        assert not {key(pair.premise) for pair in part} & trained
    assert not {key(pair.premise) for pair in corpus.dev} & {key(pair.premise) for pair in corpus.report}


def test_the_prompts_of_the_training_are_those_of_the_library() -> None:
    from training.check_prompts import differences

    assert differences() == []


def test_the_weights_are_those_that_the_record_names() -> None:
    import hashlib

    from labeldist.models.embedded.model import PACKAGED

    about = json.loads((PACKAGED / "model.json").read_text(encoding="utf-8"))
    for name, expected in about["sha256"].items():
        assert hashlib.sha256((PACKAGED / name).read_bytes()).hexdigest() == expected
    assert sum(file.stat().st_size for file in PACKAGED.iterdir() if file.is_file()) < 50_000_000
