"""The engine's side of a worker process: start it, talk to it, be sure that it is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from languages.errors import CoderError
from languages.mutation.options import Confine
from languages.mutation.worker.messages import read_message, write_message

_WORKER = Path(__file__).parent / "worker"
Message = dict[str, Any]


class Worker:
    """A running worker; use it in a `with` statement."""

    def __init__(
        self, python: str, setup: Message, *, folder: Path, confine: Confine, environment: Mapping[str, str]
    ) -> None:
        command: Sequence[str] = confine([python, str(_WORKER)], folder)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                cwd=folder,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        except OSError as error:
            self._errors.close()
            raise CoderError(f"{command[0]} could not be started ({error.strerror}); install it again") from error
        self.send(setup)

    def send(self, message: Message) -> None:
        """Give it one message; raises `CoderError` when it is gone."""
        assert self._process.stdin is not None
        try:
            write_message(self._process.stdin.fileno(), message)
        except BrokenPipeError as error:
            raise self._died() from error

    def receive(self, timeout: float) -> Message:
        """Its next message; raises `CoderError` (`worker_failed`) when it dies or is silent for `timeout` seconds."""
        assert self._process.stdout is not None
        try:
            return read_message(self._process.stdout.fileno(), timeout=timeout)
        except TimeoutError as error:
            sentence = f"the tests said nothing for {timeout:g} s and were stopped; run them by hand to see why"
            raise CoderError(sentence, code="worker_failed") from error
        except (EOFError, ValueError) as error:
            raise self._died() from error

    def receive_all(self, timeout: float) -> Iterator[Message]:
        """Its messages up to the one that says it is done."""
        while not (message := self.receive(timeout)).get("done"):
            yield message

    def _died(self) -> CoderError:
        self._process.wait(10)
        self._errors.seek(0)
        said = self._errors.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
        last = said[-1] if said else f"exit code {self._process.returncode}"
        return CoderError(
            f"the process that runs the tests ended early ({last[:300]}); run them by hand", code="worker_failed"
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        if kind is None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()
