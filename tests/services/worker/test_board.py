"""Who knows whether a worker is ready."""

import logging

from services.worker import board as boards
from services.worker.board import Board


def test_worker_is_ready_when_all_its_parts_are():
    board = Board("queue", "objects")
    assert board.troubles() == {"queue": "starting", "objects": "starting"}
    board.well("queue", "objects")
    assert board.troubles() == {}
    board.trouble("objects", "away\nfor now")
    assert board.troubles() == {"objects": "away for now"}


def test_changes_of_state_are_logged_once(caplog):
    board = Board("queue")
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            board.well("queue")
        for _ in range(3):
            board.trouble("queue", "away")
        board.well("queue")
    assert caplog.messages == ["queue: ready", "queue: away", "queue: ready"]


def test_part_that_says_nothing_is_stuck(monkeypatch):
    board = Board("queue")
    board.well("queue")
    monkeypatch.setattr(boards, "STALE_S", -1.0)
    assert board.troubles() == board.stale() == {"queue": "silent for too long"}
