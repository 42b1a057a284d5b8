"""Runs that resume: the store of finished model calls, and the pipeline over it. Floor 3."""
