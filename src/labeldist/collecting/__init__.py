"""Projects for annotation tools, and what people answered in them."""
