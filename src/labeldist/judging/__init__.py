"""Multiple-choice judging: prompts, orders, first-token probabilities, pooling into the MJD. Floor 2."""
