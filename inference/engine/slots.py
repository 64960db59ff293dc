"""Sequences and what their cells hold: who gets which, and what is reused.

A finished sequence keeps its cells, so that the next request with the same beginning decodes only what differs. It
counts cells; it does not decode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from inference.engine.engine import Priority
from inference.engine.jobs import Job, StatesJob


class Cells(Protocol):
    """The part of `Context` that moves cells."""

    stateful: bool

    def forget(self, sequence: int, start: int = 0) -> bool:
        """Drop the cells of `sequence` from `start` on."""

    def share(self, source: int, target: int, length: int) -> None:
        """Let `target` begin with cells of `source`."""


@dataclass(slots=True, eq=False)
class Slot:
    """One sequence. `tokens` are in its cells; `job` works on it now; `used` orders slots by their last use."""

    sequence: int
    tokens: list[int] = field(default_factory=list)
    job: Job | None = None
    used: int = 0


class SlotTable:
    """`shared` slots for every text, one more for ghost text alone, and one for hidden states."""

    def __init__(self, cells: Cells, *, shared: int, capacity: int, window: int) -> None:
        """`capacity` cells in all; what exceeds one window is kept for ghost text, up to a quarter window."""
        self._cells = cells
        self._shared = [Slot(number) for number in range(shared)]
        self._inline = Slot(shared)
        self._states = Slot(shared + 1)
        self._capacity = capacity
        self._kept = min(window // 4, capacity - window)
        self._clock = count(1)
        self.slots = [*self._shared, self._inline, self._states]

    def running(self) -> list[Slot]:
        """Slots with a job."""
        return [slot for slot in self.slots if slot.job is not None]

    def admit(self, job: Job) -> Slot | None:
        """Give `job` a slot with as much of its prompt decoded as possible; None when it must wait."""
        slots = self._open_to(job)
        idle = [slot for slot in slots if slot.job is None]
        if not idle or not self._has_room(job):
            return None
        slot = self._states if isinstance(job, StatesJob) else self._choose(job.tokens, idle)
        slot.job, slot.used = job, next(self._clock)
        job.done = job.cached = len(slot.tokens)
        self._make_room()
        return slot

    def release(self, slot: Slot) -> None:
        """The job is over; its decoded tokens stay for the next one, hidden states' aside."""
        job, slot.job = slot.job, None
        if job is None or isinstance(job, StatesJob):
            self.drop(slot)
        else:
            slot.tokens = job.tokens[: job.done]

    def drop(self, slot: Slot) -> None:
        """Forget what the slot holds."""
        self._cells.forget(slot.sequence)
        slot.tokens = []

    def _open_to(self, job: Job) -> list[Slot]:
        if isinstance(job, StatesJob):
            return [self._states]
        return [*self._shared, self._inline] if job.rank[0] == Priority.INLINE else self._shared

    def _has_room(self, job: Job) -> bool:
        busy = sum(slot.job.cells for slot in self.slots if slot.job is not None)
        kept = 0 if job.rank[0] == Priority.INLINE else self._kept
        return busy + job.cells + kept <= self._capacity

    def _choose(self, prompt: Sequence[int], idle: list[Slot]) -> Slot:
        """The slot whose cells begin as `prompt` does, cut there; or the one unused longest, given that beginning."""
        source = max(self.slots, key=lambda slot: (self._common(slot, prompt), slot in idle))
        length = self._common(source, prompt)
        if source in idle and (2 * length >= len(source.tokens) or len(idle) == 1):
            self._cut(source, length)
            return source
        others = [slot for slot in idle if slot is not source] if length else idle
        target = min(others, key=lambda slot: slot.used)
        self.drop(target)
        if length and not self._cells.stateful:
            self._cells.share(source.sequence, target.sequence, length)
            target.tokens = list(prompt[:length])
        return target

    def _common(self, slot: Slot, prompt: Sequence[int]) -> int:
        """How many cells of `slot` a sequence with this prompt can begin with; its last token must be decoded anew."""
        if isinstance(slot.job, StatesJob):
            return 0
        held = slot.tokens if slot.job is None else slot.job.tokens[: slot.job.done]
        return common_prefix(held, prompt[:-1])

    def _cut(self, slot: Slot, length: int) -> None:
        if length == len(slot.tokens):
            return
        if length == 0 or not self._cells.forget(slot.sequence, length):
            self.drop(slot)
        slot.tokens = slot.tokens[:length]

    def _make_room(self) -> None:
        """Drop idle slots, unused for longest first, until all that running jobs may need fits beside the rest."""
        idle = sorted((slot for slot in self.slots if slot.job is None and slot.tokens), key=lambda slot: slot.used)
        busy = sum(slot.job.cells for slot in self.slots if slot.job is not None)
        for slot in idle:
            if busy + sum(len(other.tokens) for other in idle) <= self._capacity:
                return
            self.drop(slot)


def common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """How many first elements are equal."""
    pairs = enumerate(zip(left, right, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(left), len(right)))
