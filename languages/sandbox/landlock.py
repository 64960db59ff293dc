"""Confinement without namespaces: Landlock for files, a system-call filter for the rest, rlimits.

For machines without bubblewrap and for containers that allow no namespaces. The work is done in a process of its own
(`confine.py`), which gets everything here as plain data. Landlock's levels: landlock(7), linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from languages.errors import CoderError
from languages.sandbox import seccomp
from languages.sandbox.job import DEVICES, SYSTEM, Confined, Job

_CREATE_RULESET = 444
_ASK_VERSION = 1

#: Access rights by the level (ABI) that brought them: all of level 1, then refer, truncate and ioctl_dev.
_RIGHTS = {1: 0x1FFF, 2: 0x2000, 3: 0x4000, 5: 0x8000}
#: execute, read_file, read_dir
_READ = 0x1 | 0x4 | 0x8
#: execute, write_file, read_file, truncate: all that a rule on a file, not a folder, may hold, except ioctl_dev
_ON_FILES = 0x1 | 0x2 | 0x4 | 0x4000
_NETWORK_LEVEL, _TCP = 4, 0x3
_SCOPE_LEVEL, _SOCKETS_AND_SIGNALS = 6, 0x3


def landlock_level() -> int:
    """The level (ABI) of Landlock in this kernel, from 1; 0 when it has none."""
    if sys.platform != "linux" or platform.machine() not in seccomp.MACHINES:
        return 0
    call = ctypes.CDLL(None, use_errno=True).syscall
    return max(0, int(call(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)))


@dataclass(frozen=True, slots=True)
class Landlock:
    """The backend, using no more of Landlock than `level`; see `Backend`."""

    level: int
    name: str = "landlock"

    def private_temporary(self, temporary: Path) -> str:
        """`temporary` itself: without namespaces, paths are those of the machine."""
        return str(temporary)

    def start(self, job: Job) -> Confined:
        """Start the supervisor and wait until the program runs under all its limits."""
        lifeline, lifeline_end = os.pipe()
        report, report_end = os.pipe()
        with tempfile.TemporaryFile() as plan:
            plan.write(json.dumps(self._plan(job)).encode())
            plan.seek(0)
            ends = (lifeline, report_end, plan.fileno())
            command = [sys.executable, "-I", "-S", str(Path(__file__).with_name("confine.py")), *map(str, ends)]
            try:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    cwd="/",
                    env={},
                    pass_fds=ends,
                    start_new_session=True,
                )
            finally:
                os.close(lifeline)
                os.close(report_end)
        supervised = _Supervised(process, lifeline_end)
        with os.fdopen(report, "rb") as reports:
            trouble = _trouble(reports.read())
        if trouble:
            supervised.stop()
            process.communicate()
            raise CoderError(f"The program could not be confined: {trouble}", code="no_sandbox")
        return supervised

    def _plan(self, job: Job) -> dict[str, Any]:
        """Everything that `confine.py` needs, as JSON."""
        rules = [*seccomp.base_rules(), *seccomp.no_socket_rules(), *seccomp.no_attribute_rules()]
        if job.user is None:
            rules += seccomp.no_ownership_rules()
        if job.user is None and self.level < _SCOPE_LEVEL:
            rules += seccomp.no_signal_rules()
        handled = sum(right for level, right in _RIGHTS.items() if level <= self.level)
        return {
            "command": job.command,
            "folder": str(job.folder),
            "environment": dict(job.environment),
            "limits": asdict(job.limits) | {"processes": _process_limit(job)},
            "user": job.user,
            "read_all": job.read_all,
            "handled": handled,
            "network": _TCP if self.level >= _NETWORK_LEVEL else 0,
            "scoped": _SOCKETS_AND_SIGNALS if self.level >= _SCOPE_LEVEL else 0,
            "paths": list(_path_rules(job, handled)),
            "filter": b64encode(seccomp.filter_program(rules)).decode(),
        }


class _Supervised:
    """A running supervisor. It kills everything below itself when the program ends or `lifeline` closes."""

    def __init__(self, process: subprocess.Popen[bytes], lifeline: int) -> None:
        self.process = process
        self._lifeline: int | None = lifeline

    def stop(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def finish(self) -> None:
        self.stop()
        self.process.wait()


def _trouble(report: bytes) -> str | None:
    """What the report of `confine.py` complains of. "+" says that the limits hold; what else there is, is a reason."""
    if report == b"+":
        return None
    reason = report.removeprefix(b"+").decode("utf-8", "replace")
    return f"{reason or 'its supervisor did not start'}; see docs/SANDBOX.md for what it needs"


def _path_rules(job: Job, handled: int) -> Iterable[tuple[str, int]]:
    """(path, rights) of everything that the program may touch."""
    for path in (*SYSTEM, *job.readable):
        if path.exists():
            yield str(path), _READ & (handled if path.is_dir() else _ON_FILES)
    for path in DEVICES:
        if path.exists():
            yield str(path), _ON_FILES & handled
    for path in (job.temporary, *job.writable):
        yield str(path), handled


def _process_limit(job: Job) -> int:
    """The rlimit counts all processes of a user, so an ordinary user's own are added to the limit."""
    return job.limits.processes + (_threads_of(os.getuid()) if job.user is None else 0)


def _threads_of(user: int) -> int:
    count = 0
    for entry in os.scandir("/proc"):
        with suppress(OSError):
            if entry.name.isdigit() and entry.stat().st_uid == user:
                count += len(os.listdir(f"/proc/{entry.name}/task"))
    return count
