"""Options that several commands share, and the settings they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labeldist.cli.batch_options import batch_settings
from labeldist.cli.together import Command, together

if TYPE_CHECKING:
    from labeldist.datasets.read_options import ReadOptions
    from labeldist.judging.judge import JudgeSettings
    from labeldist.models.open import ModelOptions
    from labeldist.runs.stages import Generation

LONGEST_NUMBER = 10
AT_LEAST_ONE = click.IntRange(min=1)


source_options = together(
    click.option(
        "--task", metavar="TASK", help="Task of your own file: a name (see: labeldist tasks) or a task folder."
    ),
    click.option(
        "--format",
        metavar="FORMAT",
        help="Of your own file: long, wide, counts, lists, by-label, items, or that of an annotation tool; an unknown "
        "name lists them.  [default: told by what is in it]",
    ),
    click.option(
        "--columns",
        metavar="NAME=COLUMN,...",
        help="Which column is what: id=tweet,label=verdict,annotator=who,group=gender, or a text of the task; a+b are "
        "two columns. Names alone are the header that a file lacks.",
    ),
    click.option("--missing", metavar="TEXT,...", help="What stands for no label, such as -,n/a."),
    click.option(
        "--alias",
        "aliases",
        multiple=True,
        metavar="OLD=NEW",
        help="Another spelling of a label, such as 1.0=1; may be repeated.",
    ),
    click.option("--limit", type=AT_LEAST_ONE, help="Read only the first items."),
    click.option(
        "--reference-annotators",
        metavar="N[:SEED]",
        help="Make N annotators of each item, drawn by chance, its reference, where the data has none of its own.",
    ),
    click.option(
        "--repeated-labels",
        type=click.Choice(["first", "last", "each"]),
        help="Of an annotator who labelled an item more than once count the first label, the last, or each as a "
        "person's.  [default: refuse such items]",
    ),
    click.option(
        "--on-error",
        type=click.Choice(["stop", "skip"]),
        default="stop",
        show_default=True,
        help="A bad row stops the command, or is skipped and named in failures.jsonl.",
    ),
)

label_options = together(
    click.option(
        "--labels",
        metavar="NAME,...",
        help="Names of the labels, in order, where no task is named.  [default: those found in the data: numbers by "
        "value, others by frequency]",
    ),
    click.option(
        "--scale",
        type=click.Choice(["nominal", "ordinal"]),
        help="Of these labels: ordinal where their order counts; numbers then stand for themselves.",
    ),
)

MODEL = "embedded, transformers:NAME-OR-PATH, server:MODEL@URL or scripted (see: labeldist models)"


def _the_one(context: click.Context, parameter: click.Parameter, value: Sequence[str]) -> str:
    """Refuse a second model, which would be asked while the first is ignored."""
    from labeldist.core.errors import UsageError

    if len(value) > 1:
        raise UsageError(
            f"{len(value)} models, of which `{context.command_path}` asks one: {', '.join(value)}",
            hint="call it once for each; `labeldist run` takes several judges",
        )
    return value[0]


model_option = click.option(
    "--model",
    multiple=True,
    default=["embedded"],
    show_default=True,
    metavar="MODEL",
    callback=_the_one,
    help=f"{MODEL}.",
)

models_option = click.option(
    "--model",
    multiple=True,
    default=["embedded"],
    show_default=True,
    metavar="MODEL",
    help=f"{MODEL}; may be repeated: several judges, of which the first explains, too.",
)

how_models_run = together(
    click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda (transformers)."),
    click.option(
        "--dtype",
        type=click.Choice(["float32", "bfloat16", "float16"]),
        default="float32",
        show_default=True,
        help="Number format of the weights (transformers).",
    ),
    click.option("--batch-tokens", type=AT_LEAST_ONE, help="Most tokens in one forward pass."),
    click.option(
        "--route",
        type=click.Choice(["auto", "chat", "completions"]),
        default="auto",
        show_default=True,
        help="Of a server: ask in chats, or with bare prompts; auto: what the model answers better.",
    ),
    click.option(
        "--scores",
        type=click.Choice(["auto", "exact", "top", "sampled"]),
        default="auto",
        show_default=True,
        help="Of a server: exact log-probabilities, those of the likeliest tokens, or sampled answers; auto: the best "
        "that it gives.",
    ),
    click.option(
        "--samples",
        type=AT_LEAST_ONE,
        help="Answers per prompt where they are sampled.  [default: 20; of --answers verbalised and stated-validity "
        "the likeliest alone]",
    ),
    click.option(
        "--thought-tokens",
        type=AT_LEAST_ONE,
        help="Of a server's model that thinks before it answers: room for a thought and its answer.  [default: 4096, "
        "where it shows that it thinks]",
    ),
    click.option(
        "--concurrency",
        type=AT_LEAST_ONE,
        help="Most requests to a server at a time.  [default: 16; Ollama: 1; llama.cpp: 1, and one for each slot to "
        "write texts]",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True, max=86_400),
        default=120.0,
        show_default=True,
        help="Most seconds for one request to a server, to the last byte of its answer.",
    ),
    click.option("--max-calls", type=AT_LEAST_ONE, help="Most requests to servers, repeated ones included; then stop."),
    click.option("--max-tokens", type=AT_LEAST_ONE, help="Most tokens at servers, of prompts and answers; then stop."),
)

model_options = together(model_option, how_models_run)

engine_options = together(
    click.option(
        "--engine",
        default="local",
        show_default=True,
        metavar="local|ray|ray://HOST:PORT",
        help="Where models compute: in this process, on the cores and GPUs of this machine, or on the cluster whose "
        "Ray head is there.",
    ),
    click.option(
        "--workers",
        type=AT_LEAST_ONE,
        help="Processes of a cluster that compute.  [default: one for each GPU, or for each machine without any]",
    ),
)

price_options = together(
    click.option("--price-in", type=click.FloatRange(min=0), help="Money for a million prompt tokens."),
    click.option("--price-out", type=click.FloatRange(min=0), help="Money for a million new tokens."),
)

generation_options = together(
    click.option(
        "--max-new-tokens",
        type=AT_LEAST_ONE,
        help="Longest answer.  [default: what suits the model: 256 as published, 80 for the embedded one]",
    ),
    click.option(
        "--temperature",
        type=click.FloatRange(min=0),
        default=0.0,
        show_default=True,
        help="Of generation; 0 takes the likeliest token.",
    ),
)

EVIDENCE = "Model distributions or scores: a file, as judge writes it, or the name of evidence that the items carry"

evidence_option = click.option(
    "--evidence",
    multiple=True,
    metavar="[NAME=]FILE|NAME",
    help=f"{EVIDENCE}; may be repeated.  [default: all that the items carry]",
)

evidence_from_texts_option = click.option(
    "--evidence",
    multiple=True,
    metavar="[NAME=]FILE|NAME",
    help=f"{EVIDENCE}; text is learnt from the items' texts by their n-grams, text:FOLDER by a sentence encoder; may "
    "be repeated.  [default: all that the items carry, and text where 200 items or more have labels]",
)

saw_labels_option = click.option(
    "--saw-labels/--blind",
    default=None,
    help="Whether the model of an evidence file that does not say so saw these labels.  [default: unknown, which "
    "--calibrate labels refuses]",
)

annotators_option = click.option(
    "--annotators", metavar="GROUP", help="Count only the labels of annotators named GROUP/..."
)

calibrate_option = click.option(
    "--calibrate",
    type=click.Choice(["labels", "reference", "off"]),
    default="labels",
    show_default=True,
    help="Learn what evidence is worth from the labels alone, also from other items' references, or not at all.",
)

pilot_option = click.option(
    "--pilot",
    type=AT_LEAST_ONE,
    metavar="N",
    help="Judge the first N items before anything else, and stop with status 1 where they show that the model is of no "
    "use as a judge of them. Without it the first 30 of 60 or more are told of, and the work goes on.",
)

seed_option = click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Random seed.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print a machine-readable summary.")


def _known_format(context: click.Context, parameter: click.Parameter, value: Path) -> Path:
    """``value`` if rows can be written under that name: refused here, before anything is read or paid for."""
    from labeldist.datasets.files import writable_suffix

    writable_suffix(value)
    return value


def out_option(what: str, default: str, *, folder: bool = False, rows: bool = False) -> Callable[[Command], Command]:
    """``--out``, for a file or a folder; ``rows``: for a file in a format that its name says."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path, dir_okay=folder, file_okay=not folder),
        default=Path(default),
        show_default=True,
        callback=_known_format if rows else None,
        help=f"{what} to write{': .jsonl, .csv, .tsv (each also .gz) or .parquet' if rows else ''}.",
    )


def opening(given: Mapping[str, Any]) -> dict[str, Any]:
    """How a source is opened: the part of the options that ``open_source`` takes."""
    names = ("task", "limit", "reference_annotators", "repeated_labels", "on_error")
    return {name: given[name] for name in names} | {"read": read_options(given)}


def read_options(given: Mapping[str, Any]) -> ReadOptions:
    """The record of how a file of the user's own is to be read."""
    from labeldist.datasets.read_options import ReadOptions

    return ReadOptions(given["format"], given["columns"], given["missing"], given["aliases"] or None)


def opening_for_labels(given: Mapping[str, Any], evidence: Sequence[str]) -> dict[str, Any]:
    """As :func:`opening`, where no text is read; ``evidence``: specs of files that may name labels, too."""
    from labeldist.runs.distributions import evidence_files

    labels = given["labels"]
    return opening(given) | {
        "labels": () if labels is None else split_names((labels,)),
        "scale": given["scale"],
        "texts": False,
        "evidence": list(evidence_files(evidence).values()),
    }


def model_settings(given: Mapping[str, Any]) -> ModelOptions:
    """The record of the model options, and of ``--answers`` where the command has it."""
    from labeldist.judging.settings import WRITTEN
    from labeldist.models.budget import Budget
    from labeldist.models.open import SAMPLES, ModelOptions

    # Samples of what is written are no setting of the model: more of them begin with the fewer that are kept.
    samples = None if given.get("answers") in WRITTEN else given["samples"]
    return ModelOptions(
        device=given["device"],
        dtype=given["dtype"],
        style=given.get("answers", "auto"),
        batch_tokens=given["batch_tokens"] or 0,
        route=None if given["route"] == "auto" else given["route"],
        scores=given["scores"],
        samples=samples or SAMPLES,
        thought_tokens=given["thought_tokens"],
        temperature=given.get("temperature", 0.0),
        concurrency=given["concurrency"],
        timeout=given["timeout"],
        budget=Budget(given["max_calls"], given["max_tokens"]),
        batch=batch_settings(given),
    )


def judge_settings(given: Mapping[str, Any], seed: int) -> JudgeSettings:
    """The record of the judge options, checked: a bad spec is refused before anything is read or asked."""
    from labeldist.judging.orders import read_orders
    from labeldist.judging.settings import WRITTEN, JudgeSettings
    from labeldist.judging.transform import read_transform

    read_orders(given["orders"])
    if given["transform"] != "auto":
        read_transform(given["transform"])
    return JudgeSettings(
        given["orders"],
        given["answers"],
        given["transform"],
        given["explicit"],
        seed,
        given["paraphrases"],
        given["samples"] if given["answers"] in WRITTEN else None,
        given["average"],
        given["per_label"],
    )


def generation_settings(max_new_tokens: int | None, temperature: float, seed: int) -> Generation:
    """The record of the generation options."""
    from labeldist.runs.stages import Generation

    return Generation(max_new_tokens, temperature, seed)


def run_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the settings of a run and those of an experiment have in common, of the options of either."""
    names = ("model", "explainer", "parser", "task", "limit", "reference_annotators", "repeated_labels", "on_error")
    return {name: given[name] for name in (*names, "engine", "workers")} | {
        "read": read_options(given),
        "judge": judge_settings(given, given["seed"]),
        "generation": generation_settings(given["max_new_tokens"], given["temperature"], given["seed"]),
        "model_options": model_settings(given),
    }


def first_or_named(value: str) -> int | tuple[str, ...]:
    """A number of items, or with commas between them their ids, ``disputed:N`` or ``agreed:N``.

    Raises :class:`UsageError` for a ranking without its number, before anything is read or paid for.

    >>> first_or_named("3"), first_or_named("q1,disputed:7")
    (3, ('q1', 'disputed:7'))
    """
    from labeldist.core.ranked import ranked_spec

    if value.isdecimal() and len(value) < LONGEST_NUMBER:
        return int(value)
    names = split_names((value,))
    for name in names:
        ranked_spec(name)
    return names


def split_names(values: tuple[str, ...]) -> tuple[str, ...]:
    """The names in a repeatable option that also takes several with commas between them, each once.

    >>> split_names(("none,human", "label-free"))
    ('none', 'human', 'label-free')
    """
    return tuple(dict.fromkeys(name.strip() for value in values for name in value.split(",") if name.strip()))
