"""How an estimate was calibrated, as a record and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labeldist.estimation.dispersion import Dispersion
from labeldist.estimation.labels import LabelFit

SHIFT = (
    "the estimate speaks for people who label as these annotators do; whether those whose judgments you want label "
    "otherwise, only references can show (--calibrate reference)"
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """``asked``: labels, reference or off. ``concentration``: what the prior is worth, in annotators.

    ``fitted``: whether that was fitted, and not fixed; ``fit``: the prior fitted to the labels; ``base``: the
    concentration that the same labels give without evidence; ``alone``: with each evidence alone. ``dispersion``: the
    test for selected items. ``links``, ``references``, ``folds``: of a calibration on references. ``notes``: what a
    user must know.
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
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        fit, spread = self.fit, self.dispersion
        return {
            "calibrate": self.asked,
            "concentration": self.concentration,
            "concentration_fitted": self.fitted,
            "concentration_without_evidence": self.base,
            "concentration_with_one": dict(self.alone),
            "bias": None if fit is None else fit.bias.tolist(),
            "weights": None if fit is None else dict(zip(fit.names, fit.weights.tolist(), strict=True)),
            "standard_errors": None if fit is None else fit.errors.tolist(),
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
            "notes": list(self.notes),
        }

    def in_words(self) -> list[str]:
        """What was done and what the evidence is worth, a sentence each."""
        if self.asked == "off":
            return [f"Nothing was calibrated: the prior counts as {_annotators(self.concentration)}."]
        lines = []
        if self.fitted and self.base is not None:
            lines.append(
                f"The evidence is worth {_annotators(self.concentration)} per item; the base rate of the labels alone "
                f"is worth {_annotators(self.base)}."
            )
            lines += [f"With {name} alone it is {_annotators(worth)}." for name, worth in self.alone.items()]
        elif self.fitted:
            lines.append(f"The base rate of the labels is worth {_annotators(self.concentration)} per item.")
        if self.references:
            links = ", ".join(f"{share:.0%} {name}" for name, share in sorted(self.links.items(), key=lambda x: -x[1]))
            lines.append(
                f"Calibrated on {self.references:,} references in {self.folds} folds, an item's own never among them; "
                f"corrections averaged: {links}."
            )
        return lines


def _annotators(number: float) -> str:
    return f"{number:.1f} annotator{'' if f'{number:.1f}' == '1.0' else 's'}"
