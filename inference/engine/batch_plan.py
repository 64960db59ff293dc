"""Which tokens the next step decodes: continuous batching with chunked prompts.

Every sequence that writes gets its one token; what is left of the batch goes to prompts, the most urgent first (chunked
prefill, Agrawal et al. 2023, "SARATHI"). Beside more urgent work a prompt only trickles, because each of its tokens
makes the urgent one wait longer. Pure functions over jobs; no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from inference.engine.engine import Priority


class Planned(Protocol):
    """What the plan needs to know of a job."""

    tokens: list[int]
    done: int
    rank: tuple[Priority, int]

    @property
    def writing(self) -> bool:
        """Whether its prompt is decoded."""


Work = TypeVar("Work", bound=Planned)


def plan_batch(jobs: Sequence[Work], batch_size: int, trickle: int) -> list[tuple[Work, int]]:
    """Jobs and how many of their next tokens to decode, at most `batch_size` together.

    A prompt gets at most `trickle` tokens when a job of a more urgent class is in the same batch.
    """
    by_rank = sorted(jobs, key=lambda job: job.rank)
    plan = [(job, 1) for job in by_rank if job.writing]
    room = batch_size - len(plan)
    urgent = min((job.rank[0] for job in by_rank), default=Priority.BACKGROUND)
    for job in by_rank:
        if job.writing or room <= 0:
            continue
        limit = room if job.rank[0] == urgent else min(room, trickle)
        count = min(len(job.tokens) - job.done, limit)
        plan.append((job, count))
        room -= count
    return plan
