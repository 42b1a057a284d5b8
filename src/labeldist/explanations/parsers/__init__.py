"""One file per profile; each registers itself in ``labeldist.explanations.parse.PARSERS``."""
