"""How far distributions are from the reference: metrics, bootstrap intervals, baselines. Floor 1."""
