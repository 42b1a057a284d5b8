"""labeldist: the distribution of human judgments for each item, from a few labels and a language model."""

__version__ = "0.1.0"
