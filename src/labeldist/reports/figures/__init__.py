"""Figures to print, drawn by matplotlib: each file draws arrays on given axes; ``draw.py`` draws a whole view."""
