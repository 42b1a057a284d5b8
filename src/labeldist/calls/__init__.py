"""The calls of models: recorded, never repeated, and carried out here or on a cluster."""
