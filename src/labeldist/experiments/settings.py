"""Everything that the findings of an experiment depend on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, Place, UsageError
from labeldist.datasets.failures import OnError
from labeldist.datasets.files import write_text
from labeldist.datasets.read_options import ReadOptions
from labeldist.evaluation.bootstrap import RESAMPLES
from labeldist.judging.judge import JudgeSettings
from labeldist.models.open import ModelOptions
from labeldist.runs.folder import is_fresh, own_files
from labeldist.runs.settings import differing, flat_settings
from labeldist.runs.stages import Generation

FILE = "experiment.json"


@dataclass(frozen=True, slots=True)
class ExperimentSettings:
    """How to run the experiment ``name``.

    ``source`` and ``explainer`` are the experiment's own where None. ``draws``: how often whatever is drawn by chance
    is drawn (labels, explanations to replace). ``resamples``: of the bootstrap. ``classifier``: a folder or name of a
    classifier to train on (experiments that train). ``encoder``: a folder of sentence embeddings (experiments that
    compare what explanations mean). ``test_sets``: what trained classifiers predict (none: the paper's sets), and
    ``test_items``: at most so many items of each (None: all). The others: see
    :class:`labeldist.runs.settings.RunSettings`.
    """

    name: str
    model: str = "embedded"
    source: str | None = None
    explainer: str | None = None
    parser: str | None = None
    task: str | None = None
    limit: int | None = None
    reference_annotators: str | None = None
    repeated_labels: str | None = None
    read: ReadOptions = field(default_factory=ReadOptions)
    draws: int = 3
    resamples: int = RESAMPLES
    classifier: str | None = None
    encoder: str | None = None
    test_sets: tuple[str, ...] = ()
    test_items: int | None = None
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    generation: Generation = field(default_factory=Generation)
    model_options: ModelOptions = field(default_factory=ModelOptions)
    on_error: OnError = "stop"
    engine: str = "local"
    workers: int | None = None


def keep_settings(folder: Path, settings: ExperimentSettings, *, overwrite: bool) -> None:
    """Note in ``folder`` what its findings are made with.

    Raises :class:`UsageError`, naming what differs, where it holds findings made with other settings, unless
    ``overwrite``, and where it holds something else.
    """
    now = json.loads(json.dumps(flat_settings(asdict(settings))))
    file = folder / FILE
    if not file.exists() and not is_fresh(file):
        raise UsageError(f"{folder} is not empty, and no folder of this experiment", hint="use another --out")
    before = _read(file) if file.exists() else now
    told = differing(before, now)
    if told and not overwrite:
        raise UsageError(
            f"{folder} holds this experiment with other settings: {told}",
            hint="use another --out, or --overwrite to replace its results (finished model calls are kept and reused)",
        )
    write_text(file, json.dumps(now, ensure_ascii=False, indent=1) + "\n", note=own_files(file).note)


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(str(error), expected="the settings of an experiment", place=Place(file)) from error
    return found if isinstance(found, dict) else {}
