"""Run a tool and know how it ended.

A tool gets its input on stdin, a time limit and an output limit, and a process group of its own: at a limit the whole
group is killed, so no child of it lives on. How it ended is a value, not an exception. It knows nothing of what tools
print.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

#: Bytes of stdout, and of stderr, that a tool may print.
MAX_OUTPUT = 32_000_000


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """The tool ended by itself with `exit_code`."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class ToolFailure:
    """The tool gave no answer; `reason` is a sentence that says what to do."""

    kind: Literal["missing", "timeout", "crash", "overflow"]
    reason: str


def find_program(name: str) -> Path | None:
    """The program beside the running Python, in the Go toolchain's wheel, or on PATH."""
    folders = [Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))]
    if name in ("go", "gofmt"):
        folders.insert(0, Path(sysconfig.get_path("platlib"), "go", "bin"))
    search = os.pathsep.join([*map(str, folders), os.environ.get("PATH", os.defpath)])
    found = shutil.which(name, path=search)
    return None if found is None else Path(found)


def run_tool(
    command: Sequence[str | Path],
    *,
    text: str = "",
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 30.0,
    max_output: int = MAX_OUTPUT,
) -> ToolOutput | ToolFailure:
    """Run `command` in `directory` with `text` on stdin and `environment` added to ours, at most `timeout` seconds."""
    name = Path(command[0]).name
    try:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=directory,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    except OSError as error:
        return ToolFailure("missing", f"{name} could not be started ({error.strerror}); install it again")
    except ValueError as error:
        return ToolFailure("crash", f"{name} could not be started ({error}); rename the file")
    return _Run(process, name, max_output).finish(text, timeout)


class _Run:
    """One running process and the threads at its three pipes."""

    def __init__(self, process: subprocess.Popen[bytes], name: str, max_output: int) -> None:
        self._process = process
        self._name = name
        self._max_output = max_output
        self._overflow = threading.Event()

    def finish(self, text: str, timeout: float) -> ToolOutput | ToolFailure:
        outputs: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        threads = [
            threading.Thread(target=_feed, args=(self._process.stdin, text.encode("utf-8", "replace")), daemon=True),
            threading.Thread(target=self._collect, args=(self._process.stdout, outputs[0]), daemon=True),
            threading.Thread(target=self._collect, args=(self._process.stderr, outputs[1]), daemon=True),
        ]
        for thread in threads:
            thread.start()
        in_time = self._wait(threads, timeout)
        if self._overflow.is_set():
            limit = f"{self._max_output / 1e6:g} MB"
            return ToolFailure("overflow", f"{self._name} printed more than {limit}; run it by hand to see why")
        if not in_time:
            reason = f"{self._name} took longer than {timeout:g} s and was stopped; run it by hand to see why"
            return ToolFailure("timeout", reason)
        code = self._process.returncode
        if code < 0:
            reason = f"{self._name} was ended by {_signal_name(-code)}; run it by hand to see why"
            return ToolFailure("crash", reason)
        stdout, stderr = (bytes(output).decode("utf-8", "replace") for output in outputs)
        return ToolOutput(code, stdout, stderr)

    def _wait(self, threads: Sequence[threading.Thread], timeout: float) -> bool:
        """True when the process ended and closed its pipes in time. Whatever is left of its group is killed."""
        deadline = time.monotonic() + timeout
        in_time = False
        try:
            self._process.wait(timeout)
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
            in_time = not any(thread.is_alive() for thread in threads)
        except subprocess.TimeoutExpired:
            pass
        finally:
            if not in_time:
                self._kill_group()
                self._process.wait()
        for thread in threads:
            thread.join(5)
        return in_time

    def _collect(self, pipe: IO[bytes], into: bytearray) -> None:
        with pipe:
            while block := pipe.read(1 << 16):
                into.extend(block)
                if len(into) > self._max_output:
                    self._overflow.set()
                    self._kill_group()
                    return

    def _kill_group(self) -> None:
        """End the process and its children. Only called while some of them hold our pipes, so the id is theirs."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _feed(pipe: IO[bytes], data: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError), pipe:
        pipe.write(data)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
