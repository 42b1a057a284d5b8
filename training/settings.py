"""Paths, seed and sizes that every step of the training shares."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("LABELDIST_DATA", str(ROOT.parent / "shared" / "data")))
CACHE = Path(os.environ.get("LABELDIST_TRAINING_CACHE", str(ROOT / ".cache" / "training")))
FINAL = CACHE / "final.pt"  # the weights that are exported
PACKAGE = ROOT / "src" / "labeldist" / "models" / "embedded"

MODEL_NAME = "labeldist-minilm-22m"
MODEL_VERSION = "0.2"
SEED = 20251123
CONTEXT_LENGTH = 512
DISTINCT_RUN = 4  # tokens in a row that may not come twice in one answer

LABELS = ("entailment", "neutral", "contradiction")
# The answer of the style `words`: one word per label, each a single token of the vocabulary.
WORDS = {"entailment": "true", "neutral": "neutral", "contradiction": "false"}
