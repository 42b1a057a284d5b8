"""Runs a command and prints its seconds and peak memory as JSON: `python timed.py COMMAND ARGUMENT ...`.

A process of its own, because a child's peak memory begins with that of the process that starts it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time


def main(command: list[str]) -> int:
    """Returns the command's exit status; what it prints goes to standard error."""
    begun = time.perf_counter()
    status = subprocess.run(command, stdout=sys.stderr).returncode
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # KiB on Linux
    print(json.dumps({"seconds": round(seconds, 2), "peak MB": round(peak * 1024 / 1e6)}))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
