"""One file per metric; each registers itself with a decorator of :mod:`labeldist.evaluation.metric`."""
