"""Distributions for tests, installed for real: by pip, or as the files that an installer leaves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def install(source: Path, site: Path) -> None:
    """What ``pip install SOURCE`` does, into the folder ``site``, with nothing from the network."""
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *offline, "--target", str(site), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def distribution(site: Path, name: str, points: str, files: Mapping[str, str] | None = None) -> Path:
    """A distribution ``name`` 1.0 with these entry points (``entry_points.txt``) and files, as if installed."""
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
    for path, text in (files or {}).items():
        (site / path).write_text(text, encoding="utf-8")
    return info
