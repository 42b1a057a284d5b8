"""The packaged, quantised weights against the same weights in float32, on the same prompts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.embedded import chaosnli, varierr
from benchmarks.embedded.comparison import COMPARED, TITLES
from benchmarks.embedded.judging import BALANCED, Asked, by_id, judged
from benchmarks.embedded.markdown import number, table
from benchmarks.embedded.setup import CACHE, Setup, folder_of, opened, settings_of
from labeldist.core.errors import InputError, Place, UsageError
from labeldist.datasets.source import Dataset
from labeldist.evaluation.compare import evaluate
from labeldist.judging.judge import JudgeSettings
from labeldist.judging.orders import orders
from labeldist.judging.prompts import judge_prompt
from labeldist.judging.scoring import option_scores
from labeldist.judging.transform import read_transform
from labeldist.models.base import LanguageModel

FIRST_OF_CHAOSNLI = 500
OF_VARIERR = ("none", "human", "llama3 label-free first", "llama3 varierr-guided first")
# Rounding to int8 changes a matrix by about 1% (root of the squared error), another training by far more.
MOST_ROUNDING = 0.04
PROMPTS_AT_ONCE = 256

Floats = NDArray[np.float64]


def measure(setup: Setup) -> dict[str, Any]:
    """Differences of answer probabilities prompt by prompt, and of every figure of the tables."""
    packaged = folder_of(setup.model)
    exact = setup.float32 or _written_float32(packaged)
    check_same_weights(packaged, exact)
    sets = _sets(setup.limit)
    figures, answers = {}, {}
    for kind, spec in (("stored", setup.model), ("float32", f"embedded:{exact}")):
        with opened(spec) as model:
            print(f"storage, {kind}", file=sys.stderr, flush=True)
            figures[kind] = {name: _figures(name, dataset, asked, model) for name, (dataset, asked) in sets.items()}
            answers[kind] = {
                name: np.concatenate([_answers(rows, dataset, model) for rows in asked.values()])
                for name, (dataset, asked) in sets.items()
            }
    apart = {name: np.abs(answers["stored"][name] - answers["float32"][name]) for name in sets}
    return {
        "storage": settings_of(packaged)["storage"],
        "items": {name: sum(1 for _ in dataset.items()) for name, (dataset, _) in sets.items()},
        "probabilities": {
            name: {"prompts": len(found), "mean": float(f"{found.mean():.3g}"), "largest": float(f"{found.max():.3g}")}
            for name, found in {**apart, "all": np.concatenate(list(apart.values()))}.items()
        },
        "figures": {
            name: {
                row: {
                    metric: {"stored": figures["stored"][name][row][metric], "float32": value}
                    for metric, value in found.items()
                }
                for row, found in of_set.items()
            }
            for name, of_set in figures["float32"].items()
        },
    }


def _sets(limit: int | None) -> dict[str, tuple[Dataset, dict[str, list[Asked]]]]:
    chaos = chaosnli.source(min(FIRST_OF_CHAOSNLI, limit or FIRST_OF_CHAOSNLI))
    paper = varierr.source(limit)
    return {
        "ChaosNLI-SNLI": (chaos, {name: chaosnli.asked_under(name, chaos) for name in chaosnli.CONDITIONS}),
        "the 341 items": (paper, {name: varierr.asked_under(name, paper) for name in OF_VARIERR}),
    }


def _figures(
    name: str, dataset: Dataset, asked: dict[str, list[Asked]], model: LanguageModel
) -> dict[str, dict[str, float | None]]:
    predictions = {
        row: by_id(pairs, judged(f"storage, {name}, {row}", pairs, dataset.task, model, BALANCED))
        for row, pairs in asked.items()
    }
    found = evaluate(dataset.items(), predictions, dataset.task, metrics=COMPARED, bootstrap=0)
    return {
        row.name: {
            metric: None if np.isnan(row.metrics[metric].value) else round(row.metrics[metric].value, 5)
            for metric in COMPARED
        }
        for row in found.rows
        if row.name in predictions
    }


def _answers(asked: Sequence[Asked], dataset: Dataset, model: LanguageModel) -> Floats:
    """The answer probabilities (prompts, labels) of all the prompts that :func:`judged` has pooled: from the store."""
    settings = JudgeSettings(BALANCED).for_model(model)
    transform = read_transform(settings.transform)
    task = dataset.task
    prompts = [
        judge_prompt(task, item, explanations, order, style=settings.style)
        for item, explanations in asked
        for order in orders(BALANCED, len(explanations), len(task.labels), seed=settings.seed)
    ]
    parts = []
    for at in range(0, len(prompts), PROMPTS_AT_ONCE):
        scores = option_scores(model, prompts[at : at + PROMPTS_AT_ONCE], task.label_names)
        parts.append(transform.apply(np.array([one.logits for one in scores])))
    return np.concatenate(parts)


def _written_float32(packaged: Path) -> Path:
    """The weights of the last training as a float32 folder, at the packaged model's temperature."""
    from training.settings import FINAL

    from training import export

    if not FINAL.is_file():
        raise UsageError(f"no {FINAL}", hint="train first, or give the float32 model with --float32 FOLDER")
    folder = CACHE / "float32"
    about = {"transform": settings_of(packaged)["transform"]}
    export.write_folder(folder, export.final_weights(), "float32", about)
    return folder


def check_same_weights(stored: Path, exact: Path) -> None:
    """Raise :class:`InputError` where the two folders are not the same model in two storages."""
    from training.read_graph import read

    for key in ("transform", "answer_style"):
        one, other = settings_of(stored)[key], settings_of(exact)[key]
        if one != other:
            raise InputError(f"{key} {other!r}", expected=f"{one!r}, as in {stored}", place=Place(exact / "model.json"))
    theirs = read(exact / "model.onnx")
    for name, weight in read(stored / "model.onnx").items():
        error = np.linalg.norm(weight - theirs[name]) / max(float(np.linalg.norm(theirs[name])), 1e-9)
        if error > MOST_ROUNDING:
            raise InputError(
                f"weights {name} that differ by {error:.0%} from those of {stored}",
                expected=f"the same training: rounding changes at most {MOST_ROUNDING:.0%}",
                place=Place(exact / "model.onnx"),
                hint="export the checkpoint into the package first, or give the right folder with --float32",
            )


def rendered(result: dict[str, Any]) -> str:
    """The tables of the model card."""
    probabilities = table(
        [f"answer probabilities, {result['storage']} against float32", "prompts", "mean difference", "largest"],
        [
            [name, f"{row['prompts']:,}", number(row["mean"], 4), number(row["largest"])]
            for name, row in result["probabilities"].items()
        ],
    )
    figures = table(
        ["figures of the tables above, stored − float32", *TITLES],
        [
            [f"{name} ({result['items'][name]}), {row}", *(number(_moved(found[m]), 4, sign=True) for m in COMPARED)]
            for name, of_set in result["figures"].items()
            for row, found in of_set.items()
        ],
    )
    return "\n\n".join([probabilities, figures])


def _moved(pair: dict[str, float | None]) -> float | None:
    one, other = pair["stored"], pair["float32"]
    return None if one is None or other is None else one - other
