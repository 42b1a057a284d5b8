"""One file per kind of similarity; each registers itself in ``labeldist.evaluate.variability.similarity``."""
