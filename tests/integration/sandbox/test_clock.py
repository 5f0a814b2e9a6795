"""One application clock, which only moves forward."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from ssp.core import clock
from ssp.sandbox.clock import MovableClock

SOON = timedelta(seconds=2)


def test_it_is_real_time_until_somebody_moves_it(tmp_path: Path) -> None:
    assert abs(MovableClock(tmp_path).now() - clock.wall()) < SOON


def test_every_process_reads_the_same_move(tmp_path: Path) -> None:
    mine, theirs = MovableClock(tmp_path), MovableClock(tmp_path)
    mine.advance(timedelta(days=7))
    mine.advance(timedelta(hours=1))

    assert abs(theirs.now() - clock.wall() - timedelta(days=7, hours=1)) < SOON
    assert json.loads(theirs.path.read_text()) == {"offset_seconds": 7 * 86400 + 3600}


def test_it_moves_to_a_moment_and_not_before_it(tmp_path: Path) -> None:
    moment = clock.wall() + timedelta(days=3, microseconds=500)
    MovableClock(tmp_path).move_to(moment)

    assert timedelta(0) <= MovableClock(tmp_path).now() - moment < SOON


def test_it_never_moves_back(tmp_path: Path) -> None:
    movable = MovableClock(tmp_path)
    movable.advance(timedelta(days=1))

    with pytest.raises(ValueError, match="forward"):
        movable.move_to(clock.wall())
    with pytest.raises(ValueError, match="forward"):
        movable.advance(timedelta(seconds=-1))

    assert movable.offset() == timedelta(days=1)


def test_no_draft_of_the_offset_is_left_behind(tmp_path: Path) -> None:
    movable = MovableClock(tmp_path)
    movable.advance(timedelta(days=1))

    assert [path.name for path in movable.path.parent.iterdir()] == ["clock.json"]
