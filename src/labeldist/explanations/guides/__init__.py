"""One file per guide; each registers itself in ``labeldist.explanations.select.GUIDES``."""
