"""Named data sets and your own files, read as a stream of items. Floor 1."""
