"""One file per part-of-speech tagger; each registers itself in ``labeldist.evaluation.variability.tagger``."""
