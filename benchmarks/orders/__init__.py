"""How many orders a judge must be asked under: the error of fewer orders against all, in prompts and in tokens."""
