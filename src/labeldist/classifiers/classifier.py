"""A sequence classifier of Hugging Face transformers with the labels of a task: loaded, read, given its texts.

Weights are read from safetensors only, and no code of a model repository is run.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeldist.core.errors import InputError, MissingExtraError, UsageError
from labeldist.core.item import Item
from labeldist.core.task import Task
from labeldist.models.first_calls import settle

HINT = "give a folder with config, tokenizer and safetensors weights, or the name of a model on the hub"


@dataclass(frozen=True, slots=True)
class Classifier:
    """A model, its tokenizer and ``order``: the place in the task's labels of each of the model's outputs.

    ``notes``: what became of a head that the model came with, where that is not plain.
    """

    model: Any
    tokenizer: Any
    order: tuple[int, ...]
    notes: tuple[str, ...] = ()


def require_training() -> None:
    """Raise :class:`MissingExtraError` where the extra ``train`` is not installed."""
    try:
        import accelerate  # noqa: F401
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("training", "train") from error


def load_classifier(name: str, task: Task, *, new_head: bool) -> Classifier:
    """The classifier in the folder, or of the name, ``name``.

    Where its outputs are called as the labels of ``task`` (in any order), they are these labels. Else, with
    ``new_head``, everything after the encoder is made anew with random weights (that is how an encoder becomes a
    classifier), and a note says so where there was a head; without it that is an :class:`UsageError`, as is a model
    that cannot be loaded. What the model says of its loss (``problem_type``) is forgotten.
    """
    require_training()
    settle()
    import transformers

    told: Any = transformers.utils.logging
    told.set_verbosity_error()
    told.disable_progress_bar()
    try:
        # Not pinned: the user's choice; no code is run.
        config = transformers.AutoConfig.from_pretrained(name, trust_remote_code=False)  # nosec B615
        outputs = getattr(config, "id2label", None) or {}
        order = _order(outputs, task)
        known = order is not None and _is_classifier(config)
        if not (known or new_head):
            raise UsageError(
                f"{name!r} is no classifier with the labels {', '.join(task.label_names)}",
                hint="train one with `labeldist train`, or choose the --task that it was trained for",
            )
        names = dict(enumerate(task.label_names))
        head = {} if known else {"id2label": names, "label2id": {label: at for at, label in names.items()}}
        kind: Any = transformers.AutoModelForSequenceClassification
        model, loading = kind.from_pretrained(
            name,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=not known,
            **head,
        )
        model.config.problem_type = None
        had_head = not known and _renew_head(model, kind, loading)
        # Not pinned: the user's choice; no code is run.
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, trust_remote_code=False)  # nosec B615
    except UsageError:
        raise
    except Exception as error:  # files of others fail in many ways: tokenizers raises Exception itself
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"cannot load the classifier {name!r}: {reason}", hint=HINT) from error
    lacking = sorted(key for key in loading["missing_keys"] if known or _of_encoder(key, model))
    if lacking:
        raise UsageError(f"the weights of {name!r} lack {', '.join(lacking[:3])}, which would be random", hint=HINT)
    _prepare(tokenizer, model, name)
    straight = tuple(range(len(task.labels)))
    if not known or order is None:
        return Classifier(model, tokenizer, straight, _new_head_note(name, outputs, task) if had_head else ())
    return Classifier(model, tokenizer, order, () if order == straight else _same_head_note(name, outputs))


def _renew_head(model: Any, kind: Any, loading: Mapping[str, Any]) -> bool:
    """Give everything after the encoder new random weights if any were loaded; returns whether there was a head.

    transformers keeps a head of the same size, whatever its outputs mean, and the layers below one of another size.
    """
    head = [key for key in model.state_dict() if not key.startswith(f"{model.base_model_prefix}.")]
    other_size = {found[0] if isinstance(found, tuple) else found for found in loading["mismatched_keys"]}
    if {*head} <= {*loading["missing_keys"]} - other_size:
        return False
    fresh = kind.from_config(model.config).state_dict()
    model.load_state_dict({key: fresh[key] for key in head}, strict=False)
    return True


def _new_head_note(name: str, outputs: Mapping[int, str], task: Task) -> tuple[str, ...]:
    return (
        f"the head of {name} was not used: its outputs ({_named(outputs)}) are not the labels "
        f"{', '.join(task.label_names)}. A new head was trained from random weights",
    )


def _same_head_note(name: str, outputs: Mapping[int, str]) -> tuple[str, ...]:
    return (f"the head of {name} was kept, and its outputs ({_named(outputs)}) matched to the labels by name",)


def _named(outputs: Mapping[int, str]) -> str:
    shown = [str(outputs[at]) for at in sorted(outputs)]
    return ", ".join([*shown[:5], *(["..."] if len(shown) > 5 else [])])


def _of_encoder(key: str, model: Any) -> bool:
    """Whether a new head cannot explain that these weights are missing; encoders often come without their pooler."""
    return key.startswith(f"{model.base_model_prefix}.") and ".pooler." not in key


def _prepare(tokenizer: Any, model: Any, name: str) -> None:
    """Tell the tokenizer how much the model reads, and both what fills up a batch."""
    tokenizer.model_max_length = min(tokenizer.model_max_length, _positions(model))
    if tokenizer.pad_token is None:  # language models have none; what fills up is masked
        if tokenizer.eos_token is None:
            raise UsageError(f"the tokenizer of {name!r} has no token to fill up a batch with", hint=HINT)
        tokenizer.pad_token = tokenizer.eos_token
    if getattr(model.config, "pad_token_id", None) is None:
        model.config.pad_token_id = tokenizer.pad_token_id


def _positions(model: Any) -> float:
    """The most tokens that the model can tell the place of."""
    most = getattr(model.config, "max_position_embeddings", None)
    if not isinstance(most, int) or most < 1:
        return math.inf
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            return most - int(module.padding_idx) - 1  # RoBERTa's kind counts places from there
    return most


def weights_revision(name: str) -> str:
    """A hash of names and contents of the files of a folder; the name itself where it is no folder."""
    folder = Path(name)
    if not folder.is_dir():
        return name
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.iterdir() if path.suffix in (".json", ".safetensors", ".txt")):
        with file.open("rb") as content:
            digest.update(f"{file.name} {hashlib.file_digest(content, 'sha256').hexdigest()} ".encode())
    return digest.hexdigest()[:16]


def texts_of(item: Item, task: Task, tokenizer: Any) -> tuple[str, ...]:
    """What the classifier reads: one text, or a pair where the task has two fields and the tokenizer parts a pair.

    Other fields are joined by the tokenizer's separator, or by a new line where it has none.
    """
    fields = [item.fields[name] for name in task.fields]
    parts = tokenizer.num_special_tokens_to_add(pair=True) > tokenizer.num_special_tokens_to_add(pair=False)
    if len(fields) == 1 or (len(fields) == 2 and parts):
        return tuple(fields)
    return ((f" {tokenizer.sep_token} " if tokenizer.sep_token else "\n").join(fields),)


def encoded(tokenizer: Any, texts: Sequence[tuple[str, ...]], max_length: int) -> Mapping[str, Any]:
    """A batch as tensors, padded to its longest item.

    What is longer than ``max_length`` tokens, or than what the model can read, is cut.
    """
    columns = [list(column) for column in zip(*texts, strict=True)]
    most = min(max_length, tokenizer.model_max_length)
    least = tokenizer.num_special_tokens_to_add(pair=len(columns) == 2) + len(columns)
    if most < least:
        raise UsageError(f"at most {most} tokens of an item", hint=f"--max-length {least} is the least that has text")
    return tokenizer(*columns, truncation=True, max_length=most, padding=True, return_tensors="pt")  # type: ignore[no-any-return]


def _order(names: Mapping[int, str], task: Task) -> tuple[int, ...] | None:
    """The place of each output in the task's labels; None where they are not the task's.

    A number is no name unless the task calls the label so: that of an output may be its place, and tells nothing.
    """
    called = [str(names[at]).strip() for at in sorted(names)]
    if any(name.isdecimal() and name not in task.label_names for name in called):
        return None
    try:
        found = [task.canonical(name) for name in called]
    except InputError:
        return None
    if sorted(found) != sorted(task.label_names):
        return None
    return tuple(task.label_names.index(label) for label in found)


def _is_classifier(config: Any) -> bool:
    return any("SequenceClassification" in name for name in getattr(config, "architectures", None) or ())
