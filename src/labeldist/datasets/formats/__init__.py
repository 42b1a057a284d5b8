"""One module for each annotation tool or kind of file; importing a module registers what it holds."""
