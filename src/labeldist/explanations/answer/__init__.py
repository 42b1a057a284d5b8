"""How a model's free text is read: wrappers, JSON, tables, and lines with or without markers, a file each."""
