"""The engine's loop: the one thread that owns the llama.cpp context.

Continuous batching (Yu et al. 2022, "Orca"): each step admits waiting jobs to free sequences, decodes one batch
(`inference/engine/batch_plan.py`) and hands out what came of it. Cancellation is looked at before every step. Whatever
goes wrong with one job ends that job alone; a step that fails ends the jobs in it. Callers talk to it through `submit`
and `stop`.
"""

from __future__ import annotations

import threading

from inference.engine.batch_plan import plan_batch
from inference.engine.context import Context, DecodeError
from inference.engine.jobs import Job, StatesJob, TextJob
from inference.engine.sampling import Sampler
from inference.engine.slots import Slot, SlotTable
from inference.engine.vocabulary import Vocabulary
from languages.errors import CoderError

#: A prompt beside more urgent work gets this part of a batch.
TRICKLE = 8


class Scheduler:
    """Jobs in, tokens out. `run` is the thread's body; everything but `submit` and `stop` happens in it."""

    def __init__(self, context: Context, vocabulary: Vocabulary, slots: SlotTable, ends: frozenset[int]) -> None:
        """`ends`: tokens that end an answer."""
        self._context = context
        self._vocabulary = vocabulary
        self._slots = slots
        self._ends = ends
        self._news = threading.Condition()
        self._inbox: list[Job] = []
        self._stopping = False
        self._waiting: list[Job] = []

    def submit(self, job: Job) -> None:
        """Queue `job`. Raises `CoderError` when the engine is closed."""
        with self._news:
            if self._stopping:
                raise CoderError("The engine is closed.", code="engine_closed")
            self._inbox.append(job)
            self._news.notify()

    def stop(self) -> None:
        """End every job as soon as the step under way is over, then free the model. Idempotent."""
        with self._news:
            self._stopping = True
            self._news.notify()

    def run(self) -> None:
        """Work until `stop`."""
        try:
            while self._take_news():
                self._drop_cancelled()
                self._admit()
                self._step()
        finally:
            self._end_everything()

    def _take_news(self) -> bool:
        """Sleep while there is nothing to do; False when it is time to stop."""
        with self._news:
            while not (self._inbox or self._stopping or self._waiting or self._slots.running()):
                self._news.wait()
            self._waiting += self._inbox
            self._inbox = []
            return not self._stopping

    def _drop_cancelled(self) -> None:
        for job in [job for job in self._waiting if job.cancelled]:
            self._waiting.remove(job)
            job.finish("cancelled")
        for slot in self._slots.running():
            if slot.job is not None and slot.job.cancelled:
                slot.job.finish("cancelled")
                self._slots.release(slot)

    def _admit(self) -> None:
        """Give sequences to waiting jobs, most urgent first. Nobody overtakes a job of its own class."""
        full = set[tuple[object, ...]]()
        for job in sorted(self._waiting, key=lambda job: job.rank):
            kind = (job.rank[0], type(job))
            if kind in full:
                continue
            if self._slots.admit(job) is None:
                full.add(kind)
                continue
            self._waiting.remove(job)
            if isinstance(job, TextJob):
                job.sampler = self._sampler(job)

    def _sampler(self, job: TextJob) -> Sampler:
        request = job.request
        return Sampler(self._context.llama, request.sampling, self._vocabulary.size, request.max_tokens)

    def _step(self) -> None:
        """Decode one batch and give every job in it what is its."""
        slots = {id(slot.job): slot for slot in self._slots.running()}
        jobs = [slot.job for slot in slots.values() if slot.job is not None]
        if not jobs:
            return
        size = self._context.batch_size
        planned = [(slots[id(job)], job, count) for job, count in plan_batch(jobs, size, max(size // TRICKLE, 1))]
        try:
            rows = [self._add(slot, job, count) for slot, job, count in planned]
            self._context.decode(states=any(isinstance(job, StatesJob) for job in jobs))
        except DecodeError as error:
            self._context.clear_batch()
            for slot, job, _ in planned:
                self._fail(slot, job, error)
            return
        for (slot, job, count), row in zip(planned, rows, strict=True):
            try:
                self._hand_out(job, count, row)
            except Exception as error:
                self._fail(slot, job, error)
                continue
            if job.finished:
                self._slots.release(slot)

    def _add(self, slot: Slot, job: Job, count: int) -> int:
        tokens = job.tokens[job.done : job.done + count]
        is_last = job.done + count == len(job.tokens)
        return self._context.add(slot.sequence, tokens, job.done, output=is_last or isinstance(job, StatesJob))

    def _hand_out(self, job: Job, count: int, row: int) -> None:
        first, job.done = job.done, job.done + count
        if isinstance(job, StatesJob):
            job.accept_states(first, self._context.hidden_states(row - count + 1, count))
        elif job.done == len(job.tokens) and job.sampler is not None:
            token = job.sampler.sample(self._context.handle, row)
            if token in self._ends:
                job.finish("stop")
            else:
                job.accept(token, self._vocabulary.token_bytes(token))

    def _fail(self, slot: Slot, job: Job, error: Exception) -> None:
        """End one job; its cells may be half written, so they go."""
        job.finish("error", f"The model could not go on ({error}); try again.")
        self._slots.release(slot)
        self._slots.drop(slot)

    def _end_everything(self) -> None:
        with self._news:
            self._stopping = True
            left = self._inbox + self._waiting + [slot.job for slot in self._slots.running() if slot.job is not None]
            self._inbox, self._waiting = [], []
        for job in left:
            job.finish("cancelled")
        self._vocabulary.close()
        self._context.close()
