"""Forked children with a time limit, a memory limit and a process group of their own.

A child does one thing and ends; at its limit, and when it ends, its whole group is killed, so nothing it started lives
on. It does not know what the children do.
"""

from __future__ import annotations

import ctypes
import os
import resource
import selectors
import signal
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

#: Bytes of a child's output that are kept, unless its task says otherwise; the rest is read and dropped.
MAX_OUTPUT = 256_000
#: Bytes of memory that a child may take beyond what its parent has.
MAX_MEMORY = 4 << 30
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Task:
    """`action` runs in the child and writes to the descriptor that it is given."""

    id: int
    action: Callable[[int], None]
    timeout: float
    max_output: int = MAX_OUTPUT


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code (negative: killed by that signal), or None when its time was up."""

    id: int
    code: int | None
    output: bytes


@dataclass
class _Child:
    task: Task
    pid: int
    pipe: int
    deadline: float
    output: bytearray = field(default_factory=bytearray)


def run_children(tasks: Sequence[Task], *, parallel: int) -> Iterator[Ended]:
    """Run the tasks in children, at most `parallel` together, and tell of each as it ends."""
    waiting, running = deque(tasks), dict[int, _Child]()
    wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    selector = selectors.DefaultSelector()
    selector.register(wake, selectors.EVENT_READ)
    try:
        while waiting or running:
            while waiting and len(running) < parallel:
                child = _start(waiting.popleft())
                running[child.pipe] = child
                selector.register(child.pipe, selectors.EVENT_READ)
            _listen(selector, wake, running)
            for child in [*running.values()]:
                ended = _ended(child)
                if ended is not None:
                    selector.unregister(child.pipe)
                    del running[child.pipe]
                    os.close(child.pipe)
                    yield ended
    finally:
        for child in running.values():
            _finish(child)
            os.close(child.pipe)
        selector.close()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, before)
        os.close(wake)
        os.close(waker)


def _start(task: Task) -> _Child:
    pipe, end = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of threads that the tests left behind
        pid = os.fork()
    if pid == 0:
        _become(task, end)
    os.close(end)
    os.set_blocking(pipe, False)
    with suppress(OSError):  # the child does it too; whoever is first
        os.setpgid(pid, pid)
    return _Child(task, pid, pipe, time.monotonic() + task.timeout)


def _become(task: Task, end: int) -> None:
    code = 70
    try:
        with suppress(OSError):
            os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _limit(task.timeout)
        task.action(end)
        code = 0
    finally:
        os._exit(code)


def _limit(timeout: float) -> None:
    """No core files, so much memory and processor time, and an end when the parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: int(timeout * (os.cpu_count() or 1)) + 2}
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limits[resource.RLIMIT_AS] = pages * resource.getpagesize() + MAX_MEMORY
    for kind, wanted in limits.items():
        hard = resource.getrlimit(kind)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))


def _listen(selector: selectors.BaseSelector, wake: int, running: dict[int, _Child]) -> None:
    """Wait until something is written, a child ends or the next deadline, and read what there is."""
    nearest = min(child.deadline for child in running.values()) - time.monotonic()
    for key, _ in selector.select(max(0.0, nearest)):
        if key.fd == wake:
            os.read(wake, 4096)
        elif not _read(running[key.fd]):
            time.sleep(0.0002)  # closed, so it is about to end


def _read(child: _Child) -> bool:
    """Take some of what the child has written, if anything; False at the end of its pipe."""
    try:
        block = os.read(child.pipe, 1 << 20)
    except BlockingIOError:
        return True
    child.output += block[: child.task.max_output - len(child.output)]
    return bool(block)


def _ended(child: _Child) -> Ended | None:
    """How the child ended, if it did or had to."""
    over = time.monotonic() >= child.deadline
    exited = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    if not exited and not over:
        return None
    code = _finish(child)
    _read(child)
    return Ended(child.task.id, code if exited else None, bytes(child.output))


def _finish(child: _Child) -> int:
    """Kill the child's group, and only then let its number go."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
