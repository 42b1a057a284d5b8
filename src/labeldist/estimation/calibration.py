"""How an estimate was calibrated, as a record and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labeldist.estimation.dispersion import Dispersion
from labeldist.estimation.labels import LabelFit

UNTOLD = 0.8  # standard error of the log concentration, as a share of what was believed: hardly anything was learnt
SHIFT = (
    "the estimate speaks for people who label as these annotators do; whether those whose judgments you want label "
    "otherwise, only references can show (--calibrate reference)"
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """``asked``: labels, reference or off. ``concentration``: what the prior is worth in annotators.

    ``fitted``: whether that was fitted, and not fixed; ``fit``: the prior fitted to the labels; ``base``: the
    concentration that the same labels give without evidence; ``alone``: with each evidence alone. ``dispersion``: the
    test for selected items. ``links``, ``references``, ``folds``, ``confidence``: of a calibration on references, the
    last the mean factor on what the estimates were worth before. ``notes``: what a user must know.
    """

    asked: str
    concentration: float
    fitted: bool
    fit: LabelFit | None = None
    base: float | None = None
    alone: Mapping[str, float] = field(default_factory=dict)
    dispersion: Dispersion | None = None
    links: Mapping[str, float] = field(default_factory=dict)
    references: int = 0
    folds: int = 0
    confidence: float = 1.0
    notes: tuple[str, ...] = ()

    def range(self) -> tuple[float, float]:
        """The 90% interval of a fitted concentration."""
        assert self.fit is not None
        wide = 1.645 * float(self.fit.errors[-1])
        return self.concentration * math.exp(-wide), self.concentration * math.exp(wide)

    @property
    def told(self) -> bool:
        """Whether the labels tell what the concentration is, and not the assumption that it was fitted under."""
        if not self.fitted or self.fit is None:
            return False
        return float(self.fit.errors[-1]) < UNTOLD * float(self.fit.belief.spread[-1])

    def as_dict(self, labels: Sequence[str]) -> dict[str, Any]:
        """For JSON."""
        fit, spread = self.fit, self.dispersion
        return {
            "calibrate": self.asked,
            "concentration": self.concentration,
            "concentration_fitted": self.fitted,
            "concentration_range": None if self.fitted is False else list(self.range()),
            "concentration_without_evidence": self.base,
            "concentration_with_one": dict(self.alone),
            "bias": None if fit is None else dict(zip(labels, fit.bias.tolist(), strict=True)),
            "weights": None if fit is None else dict(zip(fit.names, fit.weights.tolist(), strict=True)),
            "standard_errors": None
            if fit is None
            else dict(zip([*labels, *fit.names, "log concentration"], fit.errors.tolist(), strict=True)),
            "floor": None if fit is None else fit.floor,
            "likelihood": None if fit is None else fit.way,
            "dispersion": None
            if spread is None
            else {
                "observed": spread.observed,
                "expected": spread.expected,
                "p_value": spread.p_value,
                "selected": spread.selected,
            },
            "links": dict(self.links),
            "references": self.references,
            "folds": self.folds,
            "confidence": self.confidence,
            "notes": list(self.notes),
        }

    def in_words(self) -> list[str]:
        """What was done and what the evidence is worth, a sentence each."""
        if self.asked == "off":
            return [f"Nothing was calibrated: the prior counts as {_annotators(self.concentration)}."]
        return [*self._worth(), *self._corrected()]

    def _worth(self) -> list[str]:
        what = "evidence" if self.base is not None else "base rate of the labels"
        if not self.fitted:
            return [f"The {what} counts as {_annotators(self.concentration)}, which was not fitted."]
        if not self.told:
            return [
                f"These labels cannot tell what the {what} is worth (too few of them, or one per item): "
                f"{_annotators(self.concentration)} per item is hardly more than an assumption."
            ]
        low, high = self.range()
        lines = [f"The {what} is worth {_annotators(self.concentration)} per item (90%: {low:.1f} to {high:.1f})."]
        if self.base is not None:
            lines.append(f"The base rate of the labels without it is worth {_annotators(self.base)}.")
        return lines + [f"With {name} alone it is {_annotators(worth)}." for name, worth in self.alone.items()]

    def _corrected(self) -> list[str]:
        if not self.references:
            return []
        links = ", ".join(f"{share:.0%} {name}" for name, share in sorted(self.links.items(), key=lambda x: -x[1]))
        return [
            f"Corrected on {self.references:,} references in {self.folds} folds, an item's own never among them; links "
            f"averaged: {links}. After it an estimate counts {self.confidence:.2f} times as much as before."
        ]


def _annotators(number: float) -> str:
    return f"{number:.1f} annotator{'' if f'{number:.1f}' == '1.0' else 's'}"
