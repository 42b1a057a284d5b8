"""One file per part-of-speech tagger; each registers itself in ``labeldist.evaluate.variability.tagger``."""
