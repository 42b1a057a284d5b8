"""The demonstration items: their file, and how their labels were drawn."""
