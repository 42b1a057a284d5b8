"""Fine-tuning of classifiers on distributions over labels, and their predictions. Floor 3."""
