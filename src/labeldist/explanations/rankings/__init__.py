"""One file per ranking; each registers itself in ``labeldist.explanations.select.RANKINGS``."""
