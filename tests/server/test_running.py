from __future__ import annotations

from inference.engine.generation import Generation
from server.running import RunningGenerations


def test_generations_are_known_while_they_run_and_cancelled_after() -> None:
    running, generation = RunningGenerations(), Generation()
    with running.track(generation):
        assert len(running) == 1
        assert not generation.cancelled
    assert len(running) == 0
    assert generation.cancelled


def test_all_are_cancelled_at_once() -> None:
    running, first, second = RunningGenerations(), Generation(), Generation()
    with running.track(first), running.track(second):
        running.cancel_all()
        assert first.cancelled
        assert second.cancelled
