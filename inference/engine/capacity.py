"""How much a model gets of this machine: the window, the key-value cells, the batch and the threads.

Plain arithmetic over the model file and the machine, before anything is loaded. All sequences share the cells: two
windows' worth, so that one full conversation leaves room for the others; less where memory is short, one window at
least.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil

from inference.model_file import ModelFile
from languages.errors import CoderError

#: Sequences that any text may use; ghost text and hidden states have one more each.
SHARED_SEQUENCES = 4
#: The window that is served unless another is asked for, and the least that is worth serving, in tokens.
DEFAULT_WINDOW, LEAST_WINDOW = 8192, 1024
#: Weights, activations and the output buffer beside file and cells, in bytes.
_OVERHEAD = 200_000_000
#: Rows of a batch, by the model's parameters: a step of a large model takes long, and urgent work waits for it to end.
_BATCH_SIZES = ((1_000_000_000, 256), (4_000_000_000, 128))
_LEAST_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """`window` tokens of one sequence, `cells` of all, `batch_size` rows of a step, `threads` of the processor."""

    window: int
    cells: int
    batch_size: int
    threads: int


def plan_capacity(file: ModelFile, context_length: int | None = None) -> Capacity:
    """What to give this model. Raises `CoderError` when it does not fit, or not with the asked `context_length`."""
    room = (psutil.virtual_memory().available - file.size - _OVERHEAD) // max(file.kv_bytes, 1)
    window = _default_window(file, room) if context_length is None else _asked_window(file, room, context_length)
    batch_size = next((size for limit, size in _BATCH_SIZES if file.parameters < limit), _LEAST_BATCH)
    return Capacity(window=window, cells=max(window, min(2 * window, room)), batch_size=batch_size, threads=_threads())


def _default_window(file: ModelFile, room: int) -> int:
    window = min(file.context_length, DEFAULT_WINDOW)
    while window > room and window > LEAST_WINDOW:
        window //= 2
    if window > room:
        raise _too_big(file, window, "use a smaller model or a stronger quantisation, or close other programs")
    return window


def _asked_window(file: ModelFile, room: int, asked: int) -> int:
    if not 1 <= asked <= file.context_length:
        message = f"A context length of {asked} is not possible: this model has 1 to {file.context_length} tokens."
        raise CoderError(message, code="bad_context_length")
    if asked > room:
        raise _too_big(file, asked, "ask for a shorter context or use a smaller model")
    return asked


def _too_big(file: ModelFile, window: int, advice: str) -> CoderError:
    needed = (file.size + _OVERHEAD + window * file.kv_bytes) / 1e9
    free = psutil.virtual_memory().available / 1e9
    message = (
        f"{file.path} needs about {needed:.1f} GB of memory for a window of {window} tokens, "
        f"and {free:.1f} GB are free: {advice}."
    )
    return CoderError(message, code="model_too_big")


def _threads() -> int:
    """Physical cores that this process may use: hyper-threads only get in each other's way here."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or allowed, allowed))
