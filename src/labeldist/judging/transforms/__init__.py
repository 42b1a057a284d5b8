"""Transforms: how the logits of one prompt's options become a distribution. One file each."""
