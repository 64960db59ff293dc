"""A confined program that stays: its pipes are open until it is ended, so that a start is paid once.

Everything of `run` holds but the limits of time and output, which are the caller's: whoever speaks with the program
knows how long an answer may take. It does not know what is said.
"""

from __future__ import annotations

import os
import select
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from languages.sandbox.job import Backend, Confined
from languages.sandbox.limits import Limits
from languages.sandbox.processes import memory_below
from languages.sandbox.run import prepared_job, usable_backend
from languages.sandbox.scratch import scratch_folder

#: Seconds between two looks at the memory.
_INTERVAL = 0.05


class Session:
    """The running program, its three pipes on `process`. `finish` has to be called once, whatever happened."""

    def __init__(self, confined: Confined, folders: ExitStack, limits: Limits) -> None:
        self.process: subprocess.Popen[bytes] = confined.process
        self._confined = confined
        self._folders = folders
        self._limits = limits
        self._ended = os.pidfd_open(self.process.pid)
        self._watcher = threading.Thread(target=self._watch_memory, daemon=True, name="sandbox-memory")
        self._watcher.start()

    def stop(self) -> None:
        """Kill everything that is confined."""
        self._confined.stop()

    def finish(self) -> None:
        """Stop it, wait until nothing of it lives, remove its folders."""
        with self._folders:
            self._confined.stop()
            self._confined.finish()
            self._watcher.join()
            os.close(self._ended)

    def _watch_memory(self) -> None:
        while not select.select([self._ended], [], [], _INTERVAL)[0]:
            if memory_below(self.process.pid, self._limits.memory_bytes) > self._limits.memory_bytes:
                self._confined.stop()
                return


def open_session(
    command: Sequence[str | Path],
    *,
    files: Path | None = None,
    limits: Limits | None = None,
    readable: Sequence[Path] = (),
    environment: Mapping[str, str] | None = None,
    backend: Backend | None = None,
) -> Session:
    """Start `command` confined, in the folder `files` or an empty one; arguments and errors are those of `run`.

    `limits.seconds` and `limits.output_bytes` are not looked at; `limits.cpu_seconds` are those of its whole life.
    """
    backend = backend or usable_backend()
    limits = limits or Limits()
    folders = ExitStack()
    try:
        scratch = folders.enter_context(scratch_folder())
        job = prepared_job(command, files, scratch, readable, None, environment or {}, limits, backend)
        return Session(backend.start(job), folders, limits)
    except BaseException:
        folders.close()
        raise
