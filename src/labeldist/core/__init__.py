"""The words of labeldist: tasks, items, explanations, distributions, errors, names. Floor 0."""
