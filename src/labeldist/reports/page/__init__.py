"""The report as one HTML file: templates, styles and scripts, and what fills them. Floor 3."""
