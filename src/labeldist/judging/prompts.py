"""The multiple-choice prompts, and the answers that they admit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from labeldist.core.errors import UsageError
from labeldist.core.item import Explanation, Item
from labeldist.core.task import LETTERS, Task
from labeldist.judging.orders import Order

LETTERS_STYLE = "letters"
WORDS_STYLE = "words"


def option_names(count: int) -> list[str]:
    """What so many options are called in a prompt: letters, and numbers where letters run out.

    A number of two digits begins like another, so numbers serve only where the whole answer is read.

    >>> option_names(3), option_names(27)[-1]
    (['A', 'B', 'C'], '27')
    """
    return list(LETTERS[:count]) if count <= len(LETTERS) else [str(number) for number in range(1, count + 1)]


def check_letters(style: str, labels: int) -> None:
    """Raise :class:`UsageError` where so many labels cannot be answered by letter and ``style`` says to."""
    if style == LETTERS_STYLE and labels > len(LETTERS):
        raise UsageError(
            f"a task of {labels} labels, and there are letters for {len(LETTERS)}",
            hint="use --answers words, where the options begin differently, or --answers verbalised",
        )


@dataclass(frozen=True, slots=True)
class JudgePrompt:
    """A rendered prompt; ``answers[label]`` are the spellings of the answer that means that label (label order).

    ``options``: the texts of the options in the order in which they stand.
    """

    text: str
    answers: tuple[tuple[str, ...], ...]
    options: tuple[str, ...] = ()


def judge_prompt(
    task: Task,
    item: Item,
    explanations: Sequence[Explanation],
    order: Order,
    *,
    style: str = "letters",
    explicit: bool = False,
) -> JudgePrompt:
    """The question about one item under one order of explanations and options.

    With explanations the prompt asks to base the selection on them; ``explicit`` adds to each which label it
    argues for. Text of items and explanations is inserted as it is. Source: arXiv 2412.13942, appendix.

    >>> from labeldist.tasks.load import load_task
    >>> item = Item("1", {"premise": "It rains.", "hypothesis": "It is wet."})
    >>> prompt = judge_prompt(load_task("nli"), item, [], Order((), (2, 0, 1)))
    >>> prompt.text[-55:]
    ' \\nA. Contradiction \\nB. Entailment \\nC. Neutral. \\nAnswer:'
    >>> prompt.answers
    (('B', ' B'), ('C', ' C'), ('A', ' A'))
    """
    return judge_prompts(task, item, explanations, [order], style=style, explicit=explicit)[0]


def judge_prompts(
    task: Task,
    item: Item,
    explanations: Sequence[Explanation],
    orders: Sequence[Order],
    *,
    style: str = "letters",
    explicit: bool = False,
    paraphrases: Sequence[int] = (),
) -> list[JudgePrompt]:
    """As :func:`judge_prompt`, under each of the orders: what they have in common is made once.

    ``paraphrases``: for each order in which of the task's wordings; 0, the first, where there are none.
    """
    prompts = task.prompts(style)
    wordings = ((prompts.plain, prompts.commented), *prompts.paraphrases)
    check_letters(style, len(task.labels))
    options = {label.name: label.options[style] for label in task.labels}
    fields = {name: item.fields[name] for name in task.fields}
    comment = prompts.explicit_comment if explicit else prompts.comment
    said: dict[tuple[int, int], str] = {}

    def commented(number: int, index: int) -> str:
        if (number, index) not in said:
            one = explanations[index]
            said[number, index] = comment.format(number=number, text=one.text, option=options[one.label])
        return said[number, index]

    found = []
    for order, paraphrase in zip(orders, paraphrases or [0] * len(orders), strict=True):
        lines, answers, shown = _options(task, order.options, style)
        comments = "".join([commented(number, index) for number, index in enumerate(order.explanations, 1)])
        template = wordings[paraphrase][bool(order.explanations)]
        found.append(JudgePrompt(template.format(**fields, options=lines, comments=comments), answers, shown))
    return found


def _options(
    task: Task, order: tuple[int, ...], style: str
) -> tuple[str, tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """The options in that order as a prompt lists them, the answers that mean each label, and the options' texts."""
    key = "options", style, order
    if key in task.memo:
        return cast(tuple[str, tuple[tuple[str, ...], ...], tuple[str, ...]], task.memo[key])
    prompts, names = task.prompts(style), option_names(len(task.labels))
    shown = tuple(task.labels[index].options[style] for index in order)
    lines = [prompts.option.format(letter=letter, option=option) for letter, option in zip(names, shown, strict=True)]
    place = {label: at for at, label in enumerate(order)}
    answers = tuple(
        tuple(form.format(letter=names[place[label]], option=shown[place[label]]) for form in prompts.answer_forms)
        for label in range(len(task.labels))
    )
    return task.keep(key, (prompts.option_separator.join(lines), answers, shown))
