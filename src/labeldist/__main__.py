"""``python -m labeldist``."""

from labeldist.cli.main import main

main()
