"""Explanations: ask a model for reasons, parse its answers, choose which of them go before the judge. Floor 2."""
