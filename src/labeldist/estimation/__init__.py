"""From a few labels and evidence to a posterior distribution per item, and what to ask next. Floor 2."""
