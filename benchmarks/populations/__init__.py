"""Estimates where there are no hundred votes: annotators held out as the reference."""
