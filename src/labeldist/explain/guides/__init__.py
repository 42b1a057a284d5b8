"""One file per guide; each registers itself in ``labeldist.explain.select.GUIDES``."""
