"""The options that say how a judge is asked; :func:`labeldist.cli.options.judge_settings` makes a record of them."""

from __future__ import annotations

import click

from labeldist.cli.options import AT_LEAST_ONE, together

judge_options = together(
    click.option(
        "--orders",
        default="balanced:12",
        show_default=True,
        metavar="all|balanced:N|auto:SE",
        help="Orders of explanations and options to ask in: all (as published), N balanced ones, or as many as it "
        "takes until the standard error of each item is at most SE (never more than 240).",
    ),
    click.option(
        "--transform",
        default="auto",
        show_default=True,
        metavar="softmax:T|norm",
        help="How logits become a distribution; auto is what suits the model.",
    ),
    click.option(
        "--answers",
        type=click.Choice(["auto", "letters", "words", "verbalised", "validity", "stated-validity"]),
        default="auto",
        show_default=True,
        help="What the model answers with; verbalised: how many of 100 annotators would choose each; validity: whether "
        "each explanation of each label is a valid reason, by the probability of yes, or stated in per cent.",
    ),
    click.option(
        "--paraphrases",
        type=AT_LEAST_ONE,
        help="Of verbalised answers: wordings of the question, spread over the orders.  [default: all of the task]",
    ),
    click.option(
        "--average",
        type=click.Choice(["linear", "log"]),
        help="Of verbalised answers: how they become one distribution.  [default: linear]",
    ),
    click.option(
        "--per-label",
        type=click.Choice(["mean", "max"]),
        help="Of validity: what a label is worth by its explanations.  [default: mean]",
    ),
    click.option("--explicit", is_flag=True, help="Say after each explanation which label it argues for."),
)
