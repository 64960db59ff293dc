"""Feed a confined program, collect what it prints, and stop it at the limits that the kernel does not hold.

It looks at time, output and the memory of all processes; it does not know how the program is confined.
"""

from __future__ import annotations

import functools
import os
import selectors
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Literal

from languages.sandbox.job import Confined
from languages.sandbox.limits import Limits
from languages.sandbox.processes import memory_below

#: Seconds between two looks at the memory.
_INTERVAL = 0.02
_BLOCK = 1 << 16

Stopped = Literal["timeout", "memory", "output"]


class Watch:
    """One run. After `until_end`, `stdout` and `stderr` hold at most `limits.output_bytes` together."""

    def __init__(self, confined: Confined, limits: Limits, stdin: bytes) -> None:
        self._confined = confined
        self._process: subprocess.Popen[bytes] = confined.process
        self._limits = limits
        self._stdin = memoryview(stdin)
        self._selector = selectors.DefaultSelector()
        self.stdout, self.stderr = bytearray(), bytearray()
        self.truncated = False

    def until_end(self) -> Stopped | None:
        """Wait for the program, or stop it; returns the limit that stopped it. Nothing of it lives afterwards."""
        ended = os.pidfd_open(self._process.pid)
        try:
            self._listen()
            self._selector.register(ended, selectors.EVENT_READ)
            stopped = self._until_stopped(ended)
        finally:
            self._confined.stop()
            self._confined.finish()
            os.close(ended)
        self._drain()
        return "output" if self.truncated else stopped

    @property
    def exit_code(self) -> int:
        """The program's exit code after the end; 128 + n after signal n."""
        code = self._process.returncode
        return code if code >= 0 else 128 - code

    def _until_stopped(self, ended: int) -> Stopped | None:
        deadline = time.monotonic() + self._limits.seconds
        look = time.monotonic() + _INTERVAL
        while not self._serve(min(_INTERVAL, max(0.0, deadline - time.monotonic())), ended):
            now = time.monotonic()
            if self.truncated:
                return "output"
            if now >= deadline:
                return "timeout"
            if now >= look:
                look = now + _INTERVAL
                if memory_below(self._process.pid, self._limits.memory_bytes) > self._limits.memory_bytes:
                    return "memory"
        return None

    def _listen(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        for pipe, into in ((self._process.stdout, self.stdout), (self._process.stderr, self.stderr)):
            self._register(pipe, selectors.EVENT_READ, functools.partial(self._collect, pipe, into))
        feed = functools.partial(self._feed, self._process.stdin)
        self._register(self._process.stdin, selectors.EVENT_WRITE, feed)

    def _register(self, pipe: IO[bytes], event: int, action: Callable[[], None]) -> None:
        os.set_blocking(pipe.fileno(), False)
        self._selector.register(pipe, event, action)

    def _serve(self, seconds: float, ended: int | None = None) -> bool:
        """Wait for pipes and serve them; True when the process has ended."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            if key.data is not None:
                key.data()
        return any(key.fd == ended for key, _ in ready)

    def _collect(self, pipe: IO[bytes], into: bytearray) -> None:
        room = self._limits.output_bytes - len(self.stdout) - len(self.stderr)
        with suppress(BlockingIOError):
            block = os.read(pipe.fileno(), _BLOCK)
            into.extend(block[:room])
            self.truncated = self.truncated or len(block) > room
            if not block:
                self._close(pipe)

    def _feed(self, pipe: IO[bytes]) -> None:
        try:
            self._stdin = self._stdin[os.write(pipe.fileno(), self._stdin[:_BLOCK]) :] if self._stdin else self._stdin
        except BlockingIOError:
            return
        except OSError:
            self._stdin = memoryview(b"")
        if not self._stdin:
            self._close(pipe)

    def _drain(self) -> None:
        """Read what is left in the pipes; every writer is dead, so they end."""
        for pipe in (self._process.stdout, self._process.stderr):
            while pipe is not None and not pipe.closed and not self.truncated:
                self._collect(pipe, self.stdout if pipe is self._process.stdout else self.stderr)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None and not pipe.closed:
                self._close(pipe)
        self._selector.close()

    def _close(self, pipe: IO[bytes]) -> None:
        with suppress(KeyError):
            self._selector.unregister(pipe)
        with suppress(OSError):
            pipe.close()
