"""Progress elsewhere than on a terminal: lines on standard error."""

from __future__ import annotations

import time

import pytest

from labeldist.cli import progress


def test_what_takes_long_is_heard_of_all_the_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.1)
    with progress.shown_progress() as advance:
        time.sleep(0.35)
        advance("explain", 2, 4)
        time.sleep(0.35)
        advance("explain", 2, 4)
    time.sleep(0.25)
    shown = capsys.readouterr()
    said = shown.err.splitlines()
    assert not shown.out
    assert said[0].startswith("no result yet, at work for ")
    assert "explain: 2 of 4, at work for 1 s" in said or "explain: 2 of 4, at work for 0 s" in said
    assert said[-1] == "explain: 4 of 4", "nothing is said when all is done"


def test_what_is_quick_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown_progress() as advance:
        advance("judge", 3, 4)
        advance("judge", 1, 4)
    assert capsys.readouterr().err.splitlines() == ["judge: 4 of 4"]
