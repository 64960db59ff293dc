"""Confinement by namespaces: bubblewrap builds a file system, a process table and a network of the program's own.

Inside, `prlimit` sets the limits, so that processes are counted in the new user namespace alone (Linux 5.14 and later;
earlier kernels count all processes of the user). Started by root, which no process limit binds, bubblewrap needs no
user namespace, and `setpriv` becomes an unprivileged user before the program starts. Options: bwrap(1).
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from languages.errors import CoderError
from languages.sandbox.job import DEFAULT_PATH, SYSTEM, Confined, Job
from languages.sandbox.limits import Limits
from languages.sandbox.seccomp import base_rules, filter_program

_UNSHARE = ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
_LIFE = ("--die-with-parent", "--new-session", "--clearenv")


def refusal() -> str | None:
    """Why bubblewrap cannot be used here, as the end of a sentence; None when it can."""
    missing = [name for name in ("bwrap", "prlimit", "setpriv") if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"
    command = [*_namespaces(), "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    try:
        probe = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bwrap does not start ({error})"
    return None if probe.returncode == 0 else f"bwrap is refused ({_first_line(probe.stderr)})"


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """The backend; see `Backend`."""

    name: str = "bubblewrap"

    def private_temporary(self, temporary: Path) -> str:
        """/tmp itself, whatever `temporary` is."""
        return "/tmp"

    def start(self, job: Job) -> Confined:
        """Start bubblewrap and wait until it has made the namespaces."""
        status, status_end = os.pipe()
        rules, rules_end = os.pipe()
        os.write(rules_end, filter_program(base_rules()))
        os.close(rules_end)
        command = [
            *_bound_to_us(),
            *_namespaces(),
            "--json-status-fd",
            str(status_end),
            "--seccomp",
            str(rules),
            *_view(job),
        ]
        try:
            process = subprocess.Popen(
                [*command, "--", *_limited(job)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={"PATH": DEFAULT_PATH},
                pass_fds=(status_end, rules),
            )
        except (OSError, ValueError) as error:
            os.close(status)
            raise CoderError(f"bwrap could not be started ({error}); shorten the command", code="no_sandbox") from error
        finally:
            os.close(status_end)
            os.close(rules)
        reports = os.fdopen(status, "rb")
        return _Bubble(process, _open_init(process, reports.readline()), reports)


class _Bubble:
    """A running bubblewrap. `init` is a pidfd of the first process in the namespace: when it is gone, all are."""

    def __init__(self, process: subprocess.Popen[bytes], init: int, reports: IO[bytes]) -> None:
        self.process = process
        self._init = init
        self._reports = reports

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._init, signal.SIGKILL)

    def finish(self) -> None:
        self.stop()
        select.select([self._init], [], [])
        os.close(self._init)
        self.process.wait()
        self._reports.close()


def _open_init(process: subprocess.Popen[bytes], report: bytes) -> int:
    """A pidfd of the namespace's first process, from bubblewrap's first report; an empty one means that it gave up."""
    with suppress(OSError, ValueError, KeyError):
        return os.pidfd_open(json.loads(report)["child-pid"])
    process.kill()
    _, errors = process.communicate()
    reason = _first_line(errors.decode("utf-8", "replace"))
    raise CoderError(f"bubblewrap could not confine the program: {reason}; see bwrap(1)", code="no_sandbox")


def _bound_to_us() -> list[str]:
    """Die when we do, from the first moment: `--die-with-parent` alone comes too late for a parent that died before."""
    return ["setpriv", "--pdeathsig", "KILL", "--", "sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"', str(os.getpid())]


def _namespaces() -> list[str]:
    user = [] if os.geteuid() == 0 else ["--unshare-user"]
    return [shutil.which("bwrap") or "bwrap", *user, *_UNSHARE, *_LIFE]


def _view(job: Job) -> Iterable[str]:
    """The options that build the file system and the environment."""
    yield from ("--dev", "/dev", "--proc", "/proc")
    yield from ("--bind", str(job.temporary), "/tmp", "--bind", str(job.temporary), "/dev/shm")
    for path in SYSTEM:
        if path.is_symlink():
            yield from ("--symlink", os.readlink(path), str(path))
        elif path.exists():
            yield from ("--ro-bind", str(path), str(path))
    for option, paths in (("--ro-bind", job.readable), ("--bind", job.writable)):
        for path in paths:
            for place in dict.fromkeys((path, path.resolve())):
                for above in reversed(place.parents[:-1]):
                    yield from ("--dir", str(above))
                yield from (option, str(path.resolve()), str(place))
    yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(job.folder))
    for name, value in job.environment.items():
        yield from ("--setenv", name, value)


def _limited(job: Job) -> list[str]:
    """The command behind the programs that lower its privileges and set its limits."""
    return [*_lowered(job), "prlimit", *_limit_options(job.limits), "--", *job.command]


def _lowered(job: Job) -> Sequence[str]:
    if job.user is None:
        return ()
    identity = (f"--reuid={job.user}", f"--regid={job.user}", "--clear-groups")
    kept = "-all,+dac_read_search" if job.read_all else "-all"
    return ("setpriv", *identity, f"--inh-caps={kept}", f"--ambient-caps={kept}", f"--bounding-set={kept}")


def _limit_options(limits: Limits) -> Iterable[str]:
    yield f"--cpu={limits.cpu_seconds}:{limits.cpu_seconds + 1}"
    yield f"--as={limits.address_bytes}"
    yield f"--nproc={limits.processes}"
    yield f"--fsize={limits.file_bytes}"
    yield f"--nofile={limits.open_files}"
    yield "--core=0"


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "it gave no reason")
