"""Forked children with a time limit, a memory limit, a folder and a process group of their own.

A child does one thing and ends; at its limit, and when it ends, its whole group is killed and its folder removed, so
nothing of it lives on. It does not know what the children do.
"""

from __future__ import annotations

import ctypes
import os
import resource
import selectors
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

#: Bytes of a child's output that are kept, unless its task says otherwise; the rest is read and dropped.
MAX_OUTPUT = 1_000_000
#: Bytes of memory that a child may take beyond what its parent has.
MAX_MEMORY = 4 << 30
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_numbers = count()


@dataclass(frozen=True)
class Task:
    """`action` runs in the child and writes to the descriptor that it is given; without one, the child goes on.

    The child may be silent for `timeout` seconds.
    """

    id: int
    action: Callable[[int], None] | None
    timeout: float
    max_output: int = MAX_OUTPUT


@dataclass(frozen=True)
class Ended:
    """How a child ended: its exit code (negative: killed by that signal), or None when its time was up."""

    task: Task
    code: int | None
    output: bytes


@dataclass(frozen=True)
class Became:
    """This process is the child of a task without an action. It writes to `output`, and ends by itself."""

    task: Task
    output: int


@dataclass
class _Child:
    task: Task
    pid: int
    pipe: int
    folder: Path
    deadline: float
    output: bytearray = field(default_factory=bytearray)


def run_children(waiting: deque[Task], *, parallel: int, folder: Path) -> Iterator[Ended | Became]:
    """Run the tasks in children, at most `parallel` together, and tell of each as it ends.

    More tasks may be added to `waiting` at any time. Below `folder` each child has one of its own.
    """
    running = dict[int, _Child]()
    wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    before = signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    selector = selectors.DefaultSelector()
    selector.register(wake, selectors.EVENT_READ)
    memory = _memory() + MAX_MEMORY
    try:
        while waiting or running:
            while waiting and len(running) < parallel:
                child = _start(waiting.popleft(), folder / f"{os.getpid()}-{next(_numbers)}", memory)
                if isinstance(child, Became):
                    running.clear()
                    yield child
                    return
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


def limit_processor(seconds: float) -> None:
    """End this process by SIGPROF after so many more seconds of processor time of all its threads; 0 for no limit."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _start(task: Task, folder: Path, memory: int) -> _Child | Became:
    pipe, end = os.pipe()
    folder.mkdir(parents=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of threads that the tests left behind
        pid = os.fork()
    if pid == 0:
        os.close(pipe)
        return _become(task, end, folder, memory)
    os.close(end)
    os.set_blocking(pipe, False)
    with suppress(OSError):  # the child does it too; whoever is first
        os.setpgid(pid, pid)
    return _Child(task, pid, pipe, folder, time.monotonic() + task.timeout)


def _become(task: Task, end: int, folder: Path, memory: int) -> Became:
    code = 70
    try:
        with suppress(OSError):
            os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _limit(memory)
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
        if task.action is not None:
            task.action(end)
            code = 0
    except BaseException:
        traceback.print_exc()
        os._exit(code)
    if task.action is not None:
        os._exit(code)
    return Became(task, end)


def _limit(memory: int) -> None:
    """No core files, no more memory than that, and an end when the parent ends."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for kind, wanted in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, memory)):
        hard = resource.getrlimit(kind)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))


def _memory() -> int:
    """Bytes of address space that this process has; what cannot be known is no limit."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 1 << 60
    return pages * resource.getpagesize()


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
    if block:
        child.deadline = time.monotonic() + child.task.timeout
    return bool(block)


def _ended(child: _Child) -> Ended | None:
    """How the child ended, if it did or had to."""
    over = time.monotonic() >= child.deadline
    exited = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    if not exited and not over:
        return None
    code = _finish(child)
    _read(child)
    return Ended(child.task, code if exited and code != -signal.SIGPROF else None, bytes(child.output))


def _finish(child: _Child) -> int:
    """Kill the child's group, and only then let its number go; what it wrote into its folder goes too."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(child.pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
    try:
        child.folder.rmdir()
    except OSError:
        shutil.rmtree(child.folder, ignore_errors=True)
    return code
