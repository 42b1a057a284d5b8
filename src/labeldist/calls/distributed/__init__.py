"""Models on the workers of a Ray cluster. Importing this package does not import Ray."""
