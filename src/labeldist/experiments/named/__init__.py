"""The experiments, one file each: what is varied, and what is compared with what."""
