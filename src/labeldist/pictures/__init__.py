"""Small pictures that results show in notebooks: inline SVG and tables, without script. Floor 1."""
