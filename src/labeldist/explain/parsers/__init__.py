"""One file per profile; each registers itself in ``labeldist.explain.parse.PARSERS``."""
