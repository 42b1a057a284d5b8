"""Tables of results. Floor 3."""
