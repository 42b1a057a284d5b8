"""What ``labeldist doctor`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeldist.cli.printing import say, tell
from labeldist.cli.spending import TokenPrices

if TYPE_CHECKING:
    from labeldist.runs.doctor import Cost, Health, Saved

SMALL_LETTER_MASS = 0.5
KINDS = {
    "exact": "exact, of every option",
    "top": "of the likeliest tokens only; an option that is not among them gets the most that it could have",
    "sampled": "none: frequencies of sampled answers instead",
}


def show_health(health: Health, cost: Cost | None, saved: Saved | None, prices: TokenPrices) -> None:
    """What the model can do, what a source would cost, and what its evidence saves."""
    kind, _, samples = health.scores.partition(":")
    tokens = f"{health.prompt_tokens:,} prompt tokens, {health.new_tokens:,} new"
    facts = {
        "model": health.model,
        "asked as": health.revision,
        "log-probabilities": KINDS.get(kind, kind) + (f" ({samples} per question)" if samples else ""),
        "raw logits": "yes" if health.raw_logits else "no, so no transform that needs them (norm)",
        "writes explanations": "yes" if health.generates else "no",
        "answers with": f"{health.answers}; transform {health.transform}",
        "one question": f"{health.seconds:.2f} s alone; {tokens}",
    }
    if health.answer_mass is not None:
        facts["answer mass"] = f"{health.answer_mass:.3f}, the probability of all the answers together"
    if health.readable is not None:
        facts["its answer"] = "could be read" if health.readable else "could not be read"
    width = max(map(len, facts))
    for name, value in facts.items():
        say(f"{name:<{width}}  {value}")
    if cost is not None:
        say()
        _show_cost(cost, prices)
    if saved is not None:
        say()
        for line in saved.words:
            say(line)
    for note in health.notes:
        tell("note", note)
    if health.readable is False:
        tell(
            "warning",
            "the model did not say one number for each option, a hundred together: answers that "
            "cannot be read are left out. Try other --answers, or another model",
        )
    if health.answer_mass is not None and health.answer_mass < SMALL_LETTER_MASS:
        tell(
            "warning",
            f"all answers together had a probability of only {health.answer_mass:.3f}: the model "
            "would rather say something else. Try other --answers, or another model",
        )


def _show_cost(cost: Cost, prices: TokenPrices) -> None:
    each = max(cost.items, 1)
    say(f"A run over the {cost.items:,} items, explanations {', '.join(cost.conditions)}:")
    for name, of_all, digits in (
        ("calls that judge", cost.judge_calls, 1),
        ("calls that explain", cost.explain_calls, 1),
        ("prompt tokens, about", cost.prompt_tokens, 0),
        ("new tokens, at most about", cost.new_tokens, 0),
    ):
        say(f"  {name:<26}{of_all / each:>14,.{digits}f} per item{of_all:>18,.0f} in all")
    price = prices.of(cost.prompt_tokens, cost.new_tokens)
    if price is None:
        say("  price: unknown (give --price-in and --price-out, per million tokens)")
    else:
        say(f"  {'price, at most about':<26}{price / each:>14,.6f} per item{price:>18,.2f} in all")
