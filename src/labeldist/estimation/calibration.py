"""How an estimate was calibrated, as a record and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from labeldist.estimation.annotator_biases import AnnotatorBiases
from labeldist.estimation.clusters import Clustering
from labeldist.estimation.dispersion import Dispersion
from labeldist.estimation.guidance import Guidance
from labeldist.estimation.judges import Judges
from labeldist.estimation.labels import LabelFit
from labeldist.estimation.provenance import LearntElsewhere
from labeldist.estimation.savings import Savings
from labeldist.estimation.stacking import Stacked

UNTOLD = 0.8  # standard error of the log concentration, as a share of what was believed: hardly anything was learnt
SHIFT = (
    "results describe annotators like yours; for other populations, reference labels are needed (--calibrate reference)"
)
OTHERS = (
    "people other than your annotators are asked about: half of what the annotators prefer is taken to be their own. "
    "That held for one group of experts against a crowd. Where your annotators are the people asked about it makes "
    "estimates worse: by KL up to 18% with two large models as evidence, 17% to 72% without. Reference labels would "
    "tell (--calibrate reference)"
)
OTHERS_ALONE = (
    "without evidence the assumptions about other people harmed on one of three sets of labels that were tried (KL "
    ".157 to .179) and helped on two (.234 to .194, .135 to .131): models' answers make them safer"
)
FOR_OTHERS = (
    "For people other than the annotators: half of each label's bias is taken to be the annotators' own, and the "
    "{what} counts as {worth}. Both are assumptions, which these labels cannot check."
)


@dataclass(frozen=True, slots=True)
class Calibration:
    """``asked``: labels, reference or off. ``concentration``: what the prior is worth in annotators.

    ``fitted``: whether that was fitted, and not fixed; ``fit``: the prior fitted to the labels; ``saves``: the labels
    per item that all evidence saves, then each of several alone; ``judges``: what several judges save, where there are
    several. ``guided``: how labels guided the evidence that was
    made with them. ``clustering``: how much groups of annotators differ. ``dispersion``: the test for selected items.
    ``mixture``: the mixture of Dirichlets that took part, and how far; None where the prior is a single one.
    ``biases``: of annotators who recur, where they were used. ``links``, ``followed``, ``references``, ``folds``,
    ``confidence``: of a calibration on references, the last the mean factor on what the estimates were worth before.
    ``population``: the ``same`` people as the annotators are asked about, or ``other`` ones. ``notes``: what a user
    must know. ``texts``: what was learnt from the items' texts, or why nothing was. ``elsewhere``: where all of it was
    learnt on other items.
    """

    asked: str
    concentration: float
    fitted: bool
    fit: LabelFit | None = None
    saves: tuple[Savings, ...] = ()
    guided: tuple[Guidance, ...] = ()
    clustering: Clustering | None = None
    dispersion: Dispersion | None = None
    mixture: Stacked | None = None
    links: Mapping[str, float] = field(default_factory=dict)
    followed: float = 1.0
    references: int = 0
    folds: int = 0
    confidence: float = 1.0
    population: str = "same"
    notes: tuple[str, ...] = ()
    biases: AnnotatorBiases | None = None
    texts: str = ""
    elsewhere: LearntElsewhere | None = None
    judges: Judges | None = None

    @property
    def prior(self) -> str:
        """Which prior was used: ``mixture``, ``dirichlet``, or ``fixed`` pseudo-counts."""
        if self.elsewhere is not None:
            return self.elsewhere.prior
        if not self.fitted:
            return "dirichlet" if self.population == "other" else "fixed"
        return "dirichlet" if self.mixture is None or not self.mixture.used else "mixture"

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

    @property
    def base(self) -> float | None:
        """The concentration that the labels of the items with evidence give without it."""
        return self.concentration - self.saves[0].labels if self.saves else None

    @property
    def doubt(self) -> str:
        """Why what the prior is worth, and so every interval, is hardly more than an assumption; empty where it is."""
        if self.asked == "off" or self.told:
            return ""
        what = "evidence" if self.fit is not None and self.fit.names else "base rate of the labels"
        if self.population == "other":
            return FOR_OTHERS.format(what=what, worth=_annotators(self.concentration))
        if not self.fitted:
            return f"The {what} counts as {_annotators(self.concentration)}, which was not fitted."
        return (
            f"These labels cannot tell what the {what} is worth (too few of them, or one per item): "
            f"{_annotators(self.concentration)} per item is hardly more than an assumption."
        )

    def as_dict(self, labels: Sequence[str]) -> dict[str, Any]:
        """For JSON."""
        fit, spread = self.fit, self.dispersion
        return {
            "calibrate": self.asked,
            "prior": self.prior,
            "population": self.population,
            "mixture": None if self.mixture is None else self.mixture.as_dict(labels),
            "concentration": self.concentration,
            "concentration_fitted": self.fitted,
            "concentration_range": None if self.fitted is False else list(self.range()),
            "concentration_without_evidence": self.base,
            "saves": [asdict(one) for one in self.saves],
            "bias": None if fit is None else dict(zip(labels, fit.bias.tolist(), strict=True)),
            "weights": None if fit is None else dict(zip(fit.names, fit.weights.tolist(), strict=True)),
            "standard_errors": None
            if fit is None
            else dict(zip([*labels, *fit.names, "log concentration"], fit.errors.tolist(), strict=True)),
            "floor": None if fit is None else fit.floor,
            "guided": [asdict(one) for one in self.guided],
            "groups": None if self.clustering is None else asdict(self.clustering),
            "dispersion": None if spread is None else asdict(spread),
            "annotator_biases": None if self.biases is None else self.biases.as_dict(),
            "links": dict(self.links),
            "followed": self.followed,
            "references": self.references,
            "folds": self.folds,
            "confidence": self.confidence,
            "learnt_elsewhere": None if self.elsewhere is None else asdict(self.elsewhere),
            "notes": list(self.notes),
            "texts": self.texts,
            **({} if self.judges is None else {"judges": asdict(self.judges)}),
        }

    def in_words(self) -> list[str]:
        """What was done and what the evidence is worth, a sentence each."""
        texts = [self.texts] if self.texts else []
        if self.asked == "off":
            return [*texts, f"Nothing was calibrated: the prior counts as {_annotators(self.concentration)}."]
        kinds = [] if self.mixture is None else [self.mixture.in_words()]
        people = [] if self.biases is None else [self.biases.in_words()]
        return [*texts, *self._learnt(), *self._worth(), *kinds, *people, *self._corrected()]

    def _learnt(self) -> list[str]:
        if self.elsewhere is None:
            return []
        whence = "learnt on other items" if self.elsewhere.provenance is None else self.elsewhere.provenance.in_words()
        return [f"The calibration ({self.prior} prior) was {whence}; nothing was fitted to these items."]

    def _worth(self) -> list[str]:
        if self.doubt:
            return [self.doubt]
        low, high = self.range()
        interval = f"(90%: {low:.1f} to {high:.1f})"
        if not self.saves:
            return [f"The base rate of the labels counts as {_annotators(self.concentration)} per item {interval}."]
        first, *alone = self.saves
        lines = [
            f"The evidence {first.in_words()}.",
            f"With it the prior counts as {_annotators(self.concentration)} {interval}, "
            f"with the base rate of the labels alone as {self.base:.1f}.",
            *(f"By itself {', '.join(one.evidence)} {one.in_words()}." for one in alone),
        ]
        lines += [] if self.judges is None else self.judges.in_words()
        guided = ", ".join(one.name for one in self.guided)
        return [*lines, f"What the labels did to {guided} was taken out first."] if guided else lines

    def _corrected(self) -> list[str]:
        if not self.links:
            return []
        links = ", ".join(f"{share:.0%} {name}" for name, share in sorted(self.links.items(), key=lambda x: -x[1]))
        taught = f"on {self.references:,} references in {self.folds} folds, an item's own never among them"
        return [
            f"Corrected {taught if self.elsewhere is None else 'as the references there taught'}; links "
            f"averaged: {links}. The correction was followed to {self.followed:.0%}; after it an estimate counts "
            f"{self.confidence:.2f} times as much as before."
        ]


def _annotators(number: float) -> str:
    return f"{number:.1f} annotator{'' if f'{number:.1f}' == '1.0' else 's'}"
