"""Everything, from the data to the model folder in the package: `python -m training`.

Each step can be run alone (`python -m training.train`, ...); a training that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json

from training import average, calibrate, check_prompts, compare_storage, data, export, train


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="ignore an existing checkpoint")
    options = parser.parse_args()
    if different := check_prompts.differences():
        raise SystemExit("the prompts of training and library differ:\n" + "\n".join(different))
    print(json.dumps(data.load().counts, indent=1))
    train.main(["--fresh"] if options.fresh else [])
    average.main([])
    calibrate.main()
    compare_storage.main([])
    export.main([])


if __name__ == "__main__":
    main()
