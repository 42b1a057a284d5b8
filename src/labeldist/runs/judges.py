"""The judges of a run: which models, what their MJDs are called, and what must not be before any of them is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from labeldist.core.errors import LabeldistError, UsageError
from labeldist.core.task import Task
from labeldist.explanations.condition import Condition
from labeldist.judging.settings import JudgeSettings
from labeldist.models.base import LanguageModel
from labeldist.models.open import ModelOptions, find_backend
from labeldist.models.short_names import short_names
from labeldist.runs.judgments import asked_as

SERVER = "server"  # whose weights nobody knows: two of one name may be one


@dataclass(frozen=True, slots=True)
class MjdSet:
    """A set of MJDs: of a condition, and by which ``judge`` of several; None where there is one.

    >>> MjdSet(Condition("none")).name, MjdSet(Condition("none"), "qwen").name
    ('none', 'qwen none')
    """

    condition: Condition
    judge: str | None = None

    @property
    def name(self) -> str:
        """What it is called in tables, reports and as evidence."""
        return self.condition.name if self.judge is None else f"{self.judge} {self.condition.name}"

    @property
    def group(self) -> str | None:
        """The group of annotators whose labels decided what was shown."""
        return self.condition.group

    @property
    def saw_labels(self) -> bool:
        """Whether what the judge saw depends on the item's labels."""
        return self.condition.saw_labels

    def told(self, notes: Sequence[str]) -> list[str]:
        """Notes on the set, with the judge's name where there are several."""
        return [*notes] if self.judge is None else [f"{self.judge} {note}" for note in notes]


def judge_names(models: Sequence[str]) -> dict[str | None, str]:
    """The models by what they are called beside each other; a single one needs no name.

    Raises :class:`UsageError` for a model that is named twice.

    >>> judge_names(["embedded"])
    {None: 'embedded'}
    >>> judge_names(["embedded", "server:qwen@http://localhost:8000/v1"])
    {'embedded': 'embedded', 'qwen': 'server:qwen@http://localhost:8000/v1'}
    """
    if len(models) == 1:
        return {None: models[0]}
    plain = [spec.rstrip("/") for spec in models]
    for spec in plain:
        if plain.count(spec) > 1:
            raise _twice(f"the model {spec} twice")
    return {short: spec for spec, short in short_names(models).items()}


def without_batches(spec: str, options: ModelOptions) -> ModelOptions:
    """The options of a model beside one that is asked in batches: what computes here needs none."""
    return options if find_backend(spec)[0].runs_on == SERVER else replace(options, batch=None)


def options_of(models: Sequence[str], options: ModelOptions) -> dict[str, ModelOptions]:
    """The options of each judge; where none is behind a server, each refuses batches itself."""
    batched = any(find_backend(spec)[0].runs_on == SERVER for spec in models)
    return {spec: without_batches(spec, options) if batched else options for spec in models}


def judges_of_run(
    names: Mapping[str | None, str],
    open_model: Callable[[str], LanguageModel],
    settings: JudgeSettings,
    conditions: Sequence[Condition],
    task: Task,
) -> dict[str | None, LanguageModel]:
    """The opened models by name, each checked against all that it will be asked.

    Raises :class:`UsageError` for one that cannot answer so, and for two that have the same weights.
    """
    judges: dict[str | None, LanguageModel] = {}
    for name, spec in names.items():
        try:
            judge = open_model(spec)
            for condition in conditions:
                asked_as(settings, condition).for_model(judge, len(task.labels)).paraphrases_of(task)
        except LabeldistError as error:
            if name is not None and spec not in str(error):
                error.hint = f"{error.hint}{'; ' if error.hint else ''}the judge is {spec}"
            raise
        judges[name] = judge
    _refuse_copies(names, judges)
    return judges


def styles_told(
    judges: Mapping[str | None, LanguageModel], settings: JudgeSettings, task: Task, conditions: Sequence[Condition]
) -> list[str]:
    """What to know where judges answer in different ways, so that differences may be of the way as well."""
    if len(judges) < 2:
        return []
    styles = {
        str(name): {asked_as(settings, one).for_model(judge, len(task.labels)).style for one in conditions}
        for name, judge in judges.items()
    }
    if len({frozenset(style) for style in styles.values()}) == 1:
        return []
    told = ", ".join(f"{name} in {' and '.join(sorted(style))}" for name, style in styles.items())
    return [f"the judges answer in different ways, as suits each: {told} (--answers asks all of them alike)"]


def _refuse_copies(names: Mapping[str | None, str], judges: Mapping[str | None, LanguageModel]) -> None:
    """Refuse two judges that are one, as far as that can be known: a copy costs as much, and adds nothing."""
    known: dict[str, str] = {}
    for name, judge in judges.items():
        spec = names[name]
        if find_backend(spec)[0].runs_on == SERVER:
            continue
        first = known.setdefault(judge.revision, spec)
        if first != spec:
            raise _twice(f"the same model twice: {first} and {spec} have the same weights")


def _twice(found: str) -> UsageError:
    return UsageError(found, hint="name each judge once: a copy costs as much and adds nothing")
