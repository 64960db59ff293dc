"""Metrics while training: a bar with loss, speed and time left on stderr, and TensorBoard files.

When stderr is no terminal, a plain line now and then. The record that counts is `metrics.jsonl`
(`training/run_directory.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PLAIN_EVERY = 10


class MetricsLog:
    """Shows metrics lines. `directory` None: no TensorBoard; `show` false: nothing on stderr."""

    def __init__(self, directory: Path | None, *, show: bool = True) -> None:
        self._directory = directory
        self._show = show
        self._bar: Any = None
        self._task: Any = None
        self._board: Any = None
        self._total = 0

    @contextmanager
    def open(self, total: int, done: int) -> Iterator[None]:
        """Show `total` steps, `done` of them already made, while the context lasts."""
        self._total = total
        if self._directory is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(self._directory), purge_step=done + 1)
        try:
            with self._progress(total, done):
                yield
        finally:
            if self._board is not None:
                self._board.close()

    def write(self, line: Mapping[str, Any]) -> None:
        """Show one line of `metrics.jsonl`."""
        step = line["step"]
        for name, value in _flat(line):
            if self._board is not None and name != "step":
                self._board.add_scalar(name, value, step)
        if "losses" not in line:
            return
        losses = "  ".join(f"{task} {loss:.3f}" for task, loss in line["losses"].items())
        text = f"{losses}  {line['tokens_per_second']:.0f} tokens/s"
        if self._bar is not None:
            self._bar.update(self._task, completed=step, text=text)
        elif self._show and (step % _PLAIN_EVERY == 0 or step in (1, self._total)):
            print(f"step {step}/{self._total}  {text}", file=sys.stderr, flush=True)

    @contextmanager
    def _progress(self, total: int, done: int) -> Iterator[None]:
        if not self._show or not sys.stderr.isatty():
            yield
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[text]}"), TimeRemainingColumn())
        with Progress(TextColumn("Training"), *columns, console=Console(stderr=True)) as self._bar:
            self._task = self._bar.add_task("", total=total, completed=done, text="")
            yield
        self._bar = None


def _flat(line: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    for name, value in line.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}/")
        else:
            yield prefix + name, float(value)
