"""How the embedded model was made: data, training, export, measurement. Not part of the installed package."""
