"""Run a program that nobody vouches for: `run` confines it or refuses; it never runs one unconfined.

Bubblewrap where it is installed and allowed, otherwise Landlock with a system-call filter. Either way: no network, a
private /tmp, a read-only system, neither the user's home nor the environment, limits on everything, and nothing of it
alive when `run` returns. `docs/SANDBOX.md` says what that stops and what it does not.
"""

from __future__ import annotations

import functools
import os
import platform
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from languages.errors import CoderError
from languages.sandbox import bubblewrap
from languages.sandbox.bubblewrap import Bubblewrap
from languages.sandbox.job import DEFAULT_PATH, SYSTEM, Backend, Job
from languages.sandbox.landlock import Landlock, landlock_level
from languages.sandbox.limits import Limits
from languages.sandbox.scratch import closed_to_others, give_to, scratch_folder, user_for, write_files
from languages.sandbox.watch import Watch

Outcome = Literal["exited", "killed", "timeout", "memory", "output"]

_CPU_TIME_IS_OVER = 128 + 24


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxResult:
    """How the program ended and what it printed.

    `outcome`: it "exited" by itself, was "killed" by a signal, or was stopped at the limit of time, memory (of all its
    processes) or output. `exit_code` is 128 + n after signal n, and None when it was stopped. `seconds` is wall time.
    `truncated`: output was lost at its limit.
    """

    outcome: Outcome
    exit_code: int | None
    stdout: str
    stderr: str
    seconds: float
    truncated: bool
    backend: str


def run(
    command: Sequence[str | Path],
    *,
    files: Mapping[str, str | bytes] | Path | None = None,
    stdin: str | bytes = b"",
    limits: Limits | None = None,
    readable: Sequence[Path] = (),
    writable: Path | None = None,
    environment: Mapping[str, str] | None = None,
    backend: Backend | None = None,
) -> SandboxResult:
    """Run `command` confined and wait for its end.

    `files` are written into a folder of its own, where the program starts and may write, and which is gone afterwards;
    a `Path` is an existing folder instead, where it starts and may only read. `readable` are more folders that it sees
    (a toolchain outside the system's own folders; `running_python` for the Python that runs now); `writable` is one
    that it may change for good. `environment` is all that it gets besides PATH, HOME, TMPDIR and LANG.

    Raises:
        CoderError: there is no way to confine here, or the command, a path or a limit is wrong.
    """
    backend = backend or usable_backend()
    with scratch_folder() as scratch:
        job = prepared_job(command, files, scratch, readable, writable, environment or {}, limits or Limits(), backend)
        started = time.monotonic()
        watch = Watch(backend.start(job), job.limits, stdin.encode() if isinstance(stdin, str) else stdin)
        stopped = watch.until_end()
        code = watch.exit_code
        return SandboxResult(
            outcome=stopped or _outcome(code),
            exit_code=None if stopped else code,
            stdout=watch.stdout.decode("utf-8", "replace"),
            stderr=watch.stderr.decode("utf-8", "replace"),
            seconds=time.monotonic() - started,
            truncated=watch.truncated,
            backend=backend.name,
        )


@functools.cache
def usable_backend() -> Backend:
    """The best way to confine that this machine allows, found out once.

    Raises:
        CoderError: there is none; the sentence says what is missing.
    """
    system = platform.system()
    if system != "Linux":
        advice = "use a Linux container or virtual machine"
        raise CoderError(f"Unknown code is run only on Linux, and this is {system}; {advice}", code="no_sandbox")
    reason = bubblewrap.refusal()
    if reason is None:
        return Bubblewrap()
    level = landlock_level()
    if level:
        return Landlock(level)
    need = "install bubblewrap, allow user namespaces, or use a kernel with Landlock (5.13 or later)"
    raise CoderError(
        f"Unknown code cannot be confined here: {reason}, and there is no Landlock; {need}", code="no_sandbox"
    )


def running_python() -> tuple[Path, ...]:
    """The folders that the Python that runs now needs, for `readable`."""
    return tuple(dict.fromkeys((Path(sys.prefix), Path(sys.base_prefix))))


def prepared_job(
    command: Sequence[str | Path],
    files: Mapping[str, str | bytes] | Path | None,
    scratch: Path,
    readable: Sequence[Path],
    writable: Path | None,
    environment: Mapping[str, str],
    limits: Limits,
    backend: Backend,
) -> Job:
    """What `run` and `session.open_session` give to a backend; `scratch` is a fresh `scratch_folder`."""
    work, temporary = scratch / "work", scratch / "tmp"
    seen = [_folder(path) for path in readable]
    changed = [_folder(writable)] if writable else []
    if isinstance(files, Path):
        seen.append(_folder(files))
    else:
        write_files(work, files or {})
        changed.append(work)
    user = user_for(changed[0] if changed else scratch)
    if user is not None:
        for folder in (temporary, *changed):
            give_to(user, folder)
    private = backend.private_temporary(temporary)
    variables = {"PATH": DEFAULT_PATH, "HOME": private, "TMPDIR": private, "LANG": "C.UTF-8", **environment}
    start = seen[-1] if isinstance(files, Path) else work
    return Job(
        command=(_program(command, start, variables["PATH"], [*SYSTEM, *seen, *changed]), *map(str, command[1:])),
        folder=start,
        temporary=temporary,
        readable=tuple(seen),
        writable=tuple(changed),
        environment=variables,
        limits=limits,
        user=user,
        read_all=user is not None and any(map(closed_to_others, (*seen, *changed))),
    )


def _folder(path: Path) -> Path:
    """`path`, absolute, if it is a folder that does not hold the user's whole home."""
    absolute = Path(os.path.abspath(path))
    if not absolute.is_dir():
        raise CoderError(f"{path} is no folder; make it or name another", code="bad_path")
    if Path.home().resolve().is_relative_to(absolute.resolve()):
        raise CoderError(f"{path} would show the user's home to unknown code; name a folder in it", code="bad_path")
    return absolute


def _program(command: Sequence[str | Path], start: Path, search: str, visible: Sequence[Path]) -> str:
    """The absolute path of the program, which must lie in what the sandbox shows."""
    if not command or any("\0" in str(part) for part in command):
        raise CoderError("The command is empty or holds a NUL character; name a program", code="bad_command")
    name = str(command[0])
    found = shutil.which(start / name if "/" in name else name, path=search)
    if found is None:
        raise CoderError(f"There is no program {name}; install it or give its path", code="missing_program")
    path = os.path.abspath(found)
    for place in (path, os.path.realpath(path)):
        if not any(Path(place).is_relative_to(folder) for folder in (*visible, *(each.resolve() for each in visible))):
            advice = f"add the folder of {place} to `readable`"
            raise CoderError(f"{name} is not visible in the sandbox; {advice}", code="missing_program")
    return path


def _outcome(code: int) -> Outcome:
    if code == _CPU_TIME_IS_OVER:
        return "timeout"
    return "killed" if code > 128 else "exited"
