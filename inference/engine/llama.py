"""`LlamaEngine`: the `Engine` that runs a GGUF model through llama.cpp.

It is what callers hold: it checks requests, hands them to the scheduler's thread and never touches the context. The
window and the shape of the batch are decided in `inference/engine/capacity.py`.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.engine.capacity import SHARED_SEQUENCES, Capacity
from inference.engine.context import Context
from inference.engine.engine import ModelInfo, Priority, Request, check_request, check_tokens
from inference.engine.generation import Generation
from inference.engine.jobs import StatesJob, TextJob
from inference.engine.scheduler import Scheduler
from inference.engine.slots import SlotTable
from inference.engine.vocabulary import Vocabulary
from inference.model_file import ModelFile
from tasks.tokens import ControlIds


class LlamaEngine:
    """See `inference.engine.engine.Engine`. One thread a model; close it, or leave it to the interpreter's end."""

    def __init__(self, file: ModelFile, capacity: Capacity) -> None:
        """Load the model; raises `CoderError` when llama.cpp refuses it."""
        context = Context(
            file.path,
            cells=capacity.cells,
            sequences=SHARED_SEQUENCES + 2,
            batch_size=capacity.batch_size,
            threads=capacity.threads,
        )
        self._vocabulary = Vocabulary(context.llama, context.model)
        controls = self._vocabulary.known_controls(file.controls)
        self._info = _info(file, capacity, controls, self._vocabulary.size)
        slots = SlotTable(context, shared=SHARED_SEQUENCES, capacity=capacity.cells, window=capacity.window)
        self._scheduler = Scheduler(context, self._vocabulary, slots, self._vocabulary.end_tokens(controls))
        self._order = itertools.count()
        thread = threading.Thread(target=self._scheduler.run, name="coder-engine", daemon=True)
        thread.start()
        self._end = weakref.finalize(self, _shut_down, self._scheduler, thread)

    @property
    def info(self) -> ModelInfo:
        """What is loaded."""
        return self._info

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Vocabulary ids of `text`; raises `CoderError` after `close`."""
        return self._vocabulary.tokenize(text, special=special)

    def token_bytes(self, token: int) -> bytes:
        """The bytes of one ordinary token; empty for control tokens."""
        return self._vocabulary.token_bytes(token)

    def submit(self, request: Request) -> Generation:
        """Queue a request; see `Engine.submit` for what it raises."""
        check_request(request, self._info)
        generation = Generation()
        job = TextJob(request, generation, next(self._order))
        if request.max_tokens == 0:
            job.finish("length")
        else:
            self._scheduler.submit(job)
        return generation

    def hidden_states(self, tokens: Sequence[int], *, priority: Priority = Priority.BACKGROUND) -> NDArray[np.float32]:
        """The final-norm hidden state of each token, shape (len(tokens), hidden_size). Blocks."""
        check_tokens(tokens, self._info)
        job = StatesJob(list(tokens), priority, next(self._order), self._info.hidden_size)
        self._scheduler.submit(job)
        try:
            return job.future.result()
        finally:
            job.cancelled = True

    def close(self) -> None:
        """End running requests with `finish_reason` "cancelled" and free the model. Idempotent."""
        self._end()


def _shut_down(scheduler: Scheduler, thread: threading.Thread) -> None:
    """Also runs when the engine is dropped, and at the interpreter's end: native threads must not outlive it."""
    scheduler.stop()
    if thread is not threading.current_thread():
        thread.join()


def _info(file: ModelFile, capacity: Capacity, controls: ControlIds, vocabulary_size: int) -> ModelInfo:
    return ModelInfo(
        name=file.name,
        path=str(file.path),
        architecture=file.architecture,
        parameters=file.parameters,
        context_length=capacity.window,
        hidden_size=file.hidden_size,
        vocabulary_size=vocabulary_size,
        chat_template=file.chat_template,
        bos_token=file.bos_token,
        eos_token=file.eos_token,
        controls=controls,
        heads=file.heads,
        bos_id=file.bos_id,
        window_tokens=file.window_tokens,
    )
