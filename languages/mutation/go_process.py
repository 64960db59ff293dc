"""Run a Go test binary once, and say what its output means (https://pkg.go.dev/cmd/go#hdr-Testing_flags).

A binary starts in milliseconds, so what is around it must not cost more: one pipe, no threads. It gets a process group
of its own, which is killed when it ends. It does not know what a mutant is.
"""

from __future__ import annotations

import math
import os
import re
import resource
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from languages.errors import CoderError

#: Bytes that tests may print, and address space that they may take; a Go program reserves 1 GB before it does anything.
MAX_OUTPUT = 8 << 20
MAX_MEMORY = 4 << 30
#: How often to look at a process that prints nothing, in seconds.
_GLANCE = 0.1
_FAILED = re.compile(r"^--- FAIL: (\w+)", re.MULTILINE)
_SAID = re.compile(r"^\s+\S+\.go:\d+: .*|^(?:panic|fatal error): .*|^got:\n.*", re.MULTILINE)
_REASON_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: `passed`, `failed` (any other exit), `late`, or `loud` (it printed too much).

    `processor_seconds` are those of the `seconds` for which it had a processor.
    """

    how: Literal["passed", "failed", "late", "loud"]
    output: bytes
    seconds: float
    processor_seconds: float
    code: int | None = None

    def failed_test(self) -> str | None:
        """The first test that says it failed; None when the process ended before one could."""
        failed = _FAILED.search(self._text())
        return failed[1] if failed else None

    def reason(self) -> str:
        """What the first failure says, in one line."""
        text = self._text()
        said = _SAID.search(text, _start_of_failure(text))
        words = said[0] if said else f"the test process ended with code {self.code}"
        return " ".join(words.split())[:_REASON_CHARACTERS]

    def _text(self) -> str:
        return self.output.decode("utf-8", "replace")


def run_binary(
    command: Sequence[str | Path],
    *,
    directory: Path,
    environment: Mapping[str, str],
    timeout: float,
    processor_timeout: float = math.inf,
) -> Ended:
    """Run `command` in `directory`, at most `timeout` seconds, and `processor_timeout` of a processor's time.

    The latter is held on Linux alone, and for the process itself, not for its children.
    """
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except OSError as error:
        sentence = f"the tests could not be started ({error.strerror}); run them by hand to see why"
        raise CoderError(sentence, code="worker_failed") from error
    _limit(process.pid)
    try:
        how, output = _watch(process, started + timeout, processor_timeout)
    finally:
        processor_seconds = _kill_group(process)
    code = process.returncode
    ended = how or ("passed" if code == 0 else "failed")
    return Ended(ended, output, time.monotonic() - started, processor_seconds, code)


def _start_of_failure(text: str) -> int:
    failed = _FAILED.search(text)
    return failed.start() if failed else 0


def _watch(
    process: subprocess.Popen[bytes], deadline: float, processor_timeout: float
) -> tuple[Literal["late", "loud"] | None, bytes]:
    """Read what it prints until it ends; the first half is None when it ended by itself."""
    assert process.stdout is not None
    output = bytearray()
    pipe = process.stdout.fileno()
    poller = select.poll()
    poller.register(pipe, select.POLLIN)
    while (left := deadline - time.monotonic()) > 0:
        if not poller.poll(min(left, _GLANCE) * 1000):
            if _has_ended(process):
                return None, bytes(output)
            if _processor_seconds(process.pid) > processor_timeout:
                return "late", bytes(output)
            continue
        block = os.read(pipe, 1 << 16)
        if not block:
            return (None if _ends_by(process, deadline) else "late"), bytes(output)
        output += block
        if len(output) > MAX_OUTPUT:
            return "loud", bytes(output)
    return "late", bytes(output)


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it ended; it is not waited for, so its id stays its own and its group can still be killed."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _ends_by(process: subprocess.Popen[bytes], deadline: float) -> bool:
    """It closed its output, which nearly always means that it is ending right now."""
    pause = 0.0002
    while not _has_ended(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 2, _GLANCE)
    return True


def _processor_seconds(pid: int) -> float:
    """So far; 0 where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _kill_group(process: subprocess.Popen[bytes]) -> float:
    """End it and its children; how long it had a processor, in seconds."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    assert process.stdout is not None
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def _limit(pid: int) -> None:
    """Set from outside, because code of ours between fork and exec would make the fork slow."""
    if hasattr(resource, "prlimit"):
        with suppress(ProcessLookupError, PermissionError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
            resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
