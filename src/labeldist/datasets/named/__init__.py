"""One module for each data set, or family of them; importing a module registers what it holds."""
