"""The generations that this server has under way, so that all of them can be cancelled when it stops.

It knows nothing of HTTP. Only the event loop's thread touches it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from inference.engine.generation import Generation


class RunningGenerations:
    """A set of generations; each leaves it when its request is answered."""

    def __init__(self) -> None:
        self._generations: set[Generation] = set()

    def __len__(self) -> int:
        return len(self._generations)

    @contextmanager
    def track(self, generation: Generation) -> Iterator[Generation]:
        """Know `generation` for the length of the block, and cancel it on the way out, which ends an unfinished one."""
        self._generations.add(generation)
        try:
            yield generation
        finally:
            self._generations.discard(generation)
            generation.cancel()

    def cancel_all(self) -> None:
        """Ask every one to stop within one token."""
        for generation in self._generations:
            generation.cancel()
