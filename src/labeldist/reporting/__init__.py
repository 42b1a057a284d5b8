"""Results read back, and put together as what a report shows."""
