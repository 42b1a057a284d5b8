"""The command line: one thin file per command. Floor 4."""
