"""What a run does, written into its store so that results of different settings are never mixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from labeldist.calls.store import Store
from labeldist.core.errors import UsageError
from labeldist.datasets.failures import OnError
from labeldist.datasets.read_options import ReadOptions
from labeldist.judging.judge import JudgeSettings
from labeldist.models.open import ModelOptions
from labeldist.runs.stages import Generation

# What changes how a run goes, but not what it finds.
WITHOUT_EFFECT = (
    "on_error",
    "engine",
    "workers",
    "pilot",
    *(
        f"model_options.{name}"
        for name in ("batch_tokens", "thought_tokens", "temperature", "concurrency", "timeout", "budget", "batch")
    ),
)


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything that the results of a run depend on.

    ``source``: data-set name or file. ``model``: that which judges, or several. ``explainer``: a model spec, ``same``
    for the (first) judging model, or
    ``items:SOURCE`` for the answers or explanations of that source that the items carry. ``parser``: how raw
    answers are read; None means explanations as the items carry them, else the profile ``clean``.
    ``conditions``: see :func:`labeldist.explanations.condition.parse_condition`; empty means ``none``, ``label-free``
    and, where all items have labels, ``label-guided``. ``calibrate``: how labels and MJDs are combined into a
    posterior. ``leave_one_out``: also judge guided explanations with one annotator of each label left out, which
    ``calibrate="labels"`` needs to use them. ``reference_annotators``: so many annotators of each item become its
    reference (N or N:SEED). ``repeated_labels``, ``read``: see :func:`labeldist.datasets.source.open_source`.
    ``shard``: only that part of the items (NUMBER/OF). ``engine``, ``workers``: see
    :func:`labeldist.calls.engine.engine`. ``pilot``: stop after so many items where they show that the model is of no
    use as a judge of them.
    """

    source: str
    model: str | tuple[str, ...] = "embedded"
    explainer: str = "same"
    parser: str | None = None
    conditions: tuple[str, ...] = ()
    calibrate: str = "labels"
    leave_one_out: bool = True
    task: str | None = None
    limit: int | None = None
    shard: str | None = None
    reference_annotators: str | None = None
    repeated_labels: str | None = None
    read: ReadOptions = field(default_factory=ReadOptions)
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    generation: Generation = field(default_factory=Generation)
    model_options: ModelOptions = field(default_factory=ModelOptions)
    on_error: OnError = "stop"
    engine: str = "local"
    workers: int | None = None
    pilot: int | None = None

    def __post_init__(self) -> None:
        # One model is the same setting, however it was given: so a folder of one is gone on with.
        if not isinstance(self.model, str) and len(self.model) == 1:
            object.__setattr__(self, "model", self.model[0])
        if not self.model:
            raise UsageError("a run without a model", hint="name one, such as embedded")

    @property
    def models(self) -> tuple[str, ...]:
        """All that judge."""
        return (self.model,) if isinstance(self.model, str) else self.model


def keep_settings(store: Store, settings: RunSettings, *, overwrite: bool) -> None:
    """Note in the store what its results are made with.

    Raises :class:`UsageError`, naming what differs, where the store already holds a run with other settings, unless
    ``overwrite`` says that its results may be replaced (its finished calls are kept either way).
    """
    now = flat_settings(asdict(settings))
    before = store.settings()
    told = differing(before, now) if before else ""
    if told and not overwrite:
        raise UsageError(
            f"{store.file.parent} holds a run with other settings: {told}",
            hint="use another --out, or --overwrite to replace its results (finished model calls are kept and reused)",
        )
    store.set_settings(now)


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs between two settings, in words; empty where nothing does.

    A setting that did not exist yet when the earlier ones were noted is as good as one that is None.

    >>> differing({"limit": 3}, {"limit": 4, "task": None})
    'limit was 3, is 4'
    """
    names = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    return "; ".join(f"{name} was {before.get(name)!r}, is {now.get(name)!r}" for name in names)


def flat_settings(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings with dotted names, without those that do not change results; tuples as lists, as in JSON.

    >>> flat_settings({"limit": 3, "on_error": "stop", "judge": {"orders": "all"}})
    {'limit': 3, 'judge.orders': 'all'}
    """
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if prefix + name in WITHOUT_EFFECT:
            continue
        if isinstance(value, dict):
            flat |= flat_settings(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = list(value) if isinstance(value, tuple) else value
    return flat
