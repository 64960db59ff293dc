"""How a worker's process is started: as it is, or confined. It does not know what the process does.

A launcher gets the command and the variables that the process needs, and gives what runs, with a private folder for it
at HOME and TMPDIR that is gone when it has ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from languages.sandbox.job import DEFAULT_PATH, Backend, Confined
from languages.sandbox.limits import MIB, Limits

#: Command and variables to what runs; raises `OSError` or `CoderError` when it cannot be started.
Launch = Callable[[Sequence[str], Mapping[str, str]], Confined]


def launch_unconfined(command: Sequence[str], environment: Mapping[str, str], *, address_space: int = 0) -> Confined:
    """Start it in a process group of its own, with PATH and nothing else of the user's environment.

    `address_space` is the most bytes that it may map, where the system can say so (Linux); 0 for no limit.
    """
    home = tempfile.TemporaryDirectory(prefix="coder-worker-", ignore_cleanup_errors=True)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": home.name, "TMPDIR": home.name, **environment},
            cwd=home.name,
            start_new_session=True,
        )
    except OSError:
        home.cleanup()
        raise
    if address_space:
        _limit_address_space(process.pid, address_space)
    return Group(process, home)


def launch_confined(
    readable: Sequence[Path], *, backend: Backend | None = None, limits: Limits | None = None
) -> Launch:
    """A launcher into the sandbox; `readable` are folders that the program needs beside the system's own."""
    return partial(_confined, tuple(readable), backend, limits or _limits())


def toolchain(program: Path) -> Iterator[Path]:
    """The folders above `bin` of a program and of what it links to, where the system's own do not hold them."""
    for place in (program, program.resolve()):
        if place.parent.name == "bin" and place.parent.parent not in (Path("/"), Path("/usr"), Path("/usr/local")):
            yield place.parent.parent


class Group:
    """A process and what it started in its group; `home` is its private folder, if it has one."""

    def __init__(self, process: subprocess.Popen[bytes], home: tempfile.TemporaryDirectory[str] | None = None) -> None:
        self.process = process
        self._home = home

    def stop(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def finish(self) -> None:
        self.stop()
        self.process.wait()
        if self._home is not None:
            self._home.cleanup()


def _confined(
    readable: Sequence[Path],
    backend: Backend | None,
    limits: Limits,
    command: Sequence[str],
    environment: Mapping[str, str],
) -> Confined:
    from languages.sandbox.session import open_session

    path = os.pathsep.join([*(str(folder / "bin") for folder in readable), DEFAULT_PATH])
    return open_session(
        command, limits=limits, readable=readable, environment={"PATH": path, **environment}, backend=backend
    )


def _limits() -> Limits:
    """Roomy for a VM that reserves much and starts threads for every processor; an hour of processor time."""
    return Limits(
        cpu_seconds=3600,
        memory_bytes=2048 * MIB,
        address_bytes=6144 * MIB,
        processes=256 + 8 * (os.cpu_count() or 1),
        file_bytes=256 * MIB,
    )


def _limit_address_space(pid: int, limit: int) -> None:
    import resource

    set_limit = getattr(resource, "prlimit", None)
    if set_limit is not None:
        with suppress(OSError):
            set_limit(pid, resource.RLIMIT_AS, (limit, limit))
