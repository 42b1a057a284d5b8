"""Where results come from: the source and its licence, models and settings, and a command that makes them again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import labeldist
from labeldist.datasets.source import Dataset
from labeldist.runs.about import About

# Settings of a run and of an estimate, and the options that say them.
FLAGS = {
    "model": "--model",
    "explainer": "--explainer",
    "parser": "--parser",
    "conditions": "--explanations",
    "task": "--task",
    "labels": "--labels",
    "scale": "--scale",
    "limit": "--limit",
    "shard": "--shard",
    "reference_annotators": "--reference-annotators",
    "repeated_labels": "--repeated-labels",
    "on_error": "--on-error",
    "read.format": "--format",
    "read.columns": "--columns",
    "read.missing": "--missing",
    "read.aliases": "--alias",
    "evidence": "--evidence",
    "annotators": "--annotators",
    "calibrate": "--calibrate",
    "prior": "--prior",
    "point": "--point",
    "population": "--population",
    "calibration": "--calibration",
    "mass": "--interval",
    "judge.orders": "--orders",
    "judge.style": "--answers",
    "judge.transform": "--transform",
    "judge.seed": "--seed",
    "judge.paraphrases": "--paraphrases",
    "judge.samples": "--samples",
    "judge.average": "--average",
    "judge.per_label": "--per-label",
    "seed": "--seed",
    "generation.max_new_tokens": "--max-new-tokens",
    "generation.temperature": "--temperature",
    "model_options.device": "--device",
    "model_options.dtype": "--dtype",
    "model_options.scores": "--scores",
    "model_options.samples": "--samples",
}
REPEATED = ("model", "evidence", "read.aliases")  # an option for each
SWITCHES = {
    ("saw_labels", True): "--saw-labels",
    ("saw_labels", False): "--blind",
    ("texts", False): "--no-texts",
    ("annotator_biases", True): "--annotator-biases",
    ("annotator_biases", False): "--no-annotator-biases",
    ("judge.explicit", True): "--explicit",
    ("leave_one_out", False): "--no-leave-one-out",
}
DEFAULTS: dict[str, Any] = {
    "model": "embedded", "explainer": "same", "calibrate": "labels", "prior": "mixture", "point": "mean",
    "population": "same", "mass": 0.9, "judge.orders": "balanced:12", "judge.style": "auto", "judge.transform": "auto",
    "judge.seed": 0, "seed": 0, "generation.temperature": 0.0, "model_options.device": "auto",
    "model_options.dtype": "float32", "model_options.scores": "auto", "model_options.samples": 20, "on_error": "stop",
}  # fmt: skip
UNSAID: tuple[Any, ...] = (None, [], (), "")
NAMES = {
    "model": "Model",
    "explainer": "Explanations by",
    "conditions": "Explanations shown",
    "judge.orders": "Orders asked",
    "judge.style": "Answers",
    "judge.transform": "Transform",
    "judge.seed": "Seed",
    "seed": "Seed",
    "calibrate": "Calibrated on",
    "prior": "Prior",
    "point": "Point",
    "population": "Population",
}


def provenance_of(dataset: Dataset, abouts: Sequence[About], models: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Names and values, as they are shown."""
    yield "Source", dataset.name
    if dataset.told:
        yield "Read as", dataset.told
    if dataset.about is not None:
        yield "Data set", dataset.about.title
        yield "Licence of the data", dataset.about.licence
        yield "Please cite", dataset.about.citation
        yield "Home", dataset.about.home
    if dataset.task.judge_prompts and dataset.texts:
        yield "Task", f"{dataset.task.name} ({dataset.task.title})"
    if dataset.reference_annotators is not None:
        yield "Reference", str(dataset.reference_annotators)
    for about in abouts:
        flat = _flat(about["settings"])
        yield from ((name, _value(flat[key])) for key, name in NAMES.items() if flat.get(key) not in UNSAID)
        if about["opened_by"]:
            yield "Made again by", command_of(about)
        yield "Made with", f"labeldist {about['labeldist']}"
    yield from (("Model and revision", name) for name in models)
    yield "This page", f"labeldist {labeldist.__version__}"


def command_of(about: About) -> str:
    """A command that makes the same results.

    >>> opened_by = {"source": "my items.jsonl", "task": None, "read": {"format": None}}
    >>> row = {"opened_by": opened_by, "settings": {"judge.orders": "all"}, "judged": {}, "posteriors": []}
    >>> command_of(row)
    "labeldist run 'my items.jsonl' --orders all"
    """
    known = _flat({**about["settings"], **about["opened_by"]})
    # What files of evidence say of labels is found in them again.
    known["evidence"] = _flat(about["settings"]).get("evidence")
    known["texts"] = about["settings"].get("texts")
    verb = "run" if "judged" in about else "estimate"
    words = ["labeldist", verb, str(known.get("source", "SOURCE"))]
    for key, flag in FLAGS.items():
        value = known.get(key)
        if value in UNSAID or value == DEFAULTS.get(key):
            continue
        for one in _each(value) if key in REPEATED else [_value(value)]:
            words += [flag, one]
    words += [flag for (key, value), flag in SWITCHES.items() if known.get(key) is value]
    return shlex.join(words)


def _each(value: Any) -> list[str]:
    """What an option that is given again and again says each time."""
    if isinstance(value, Mapping):
        return [f"{name}={one}" for name, one in value.items()]
    return [value] if isinstance(value, str) else [*map(str, value)]


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in settings.items():
        found |= _flat(value, f"{name}.") if name == "read" and isinstance(value, Mapping) else {prefix + name: value}
    return found


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={_value(one)}" for name, one in value.items())
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
