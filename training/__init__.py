"""How the embedded model was made: data, training, export. Not part of the installed package."""
