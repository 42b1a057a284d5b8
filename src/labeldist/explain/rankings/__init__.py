"""One file per ranking; each registers itself in ``labeldist.explain.select.RANKINGS``."""
