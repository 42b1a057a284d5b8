"""One file per kind of similarity; each registers itself in ``labeldist.evaluation.variability.similarity``."""
