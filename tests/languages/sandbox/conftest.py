"""Each way to confine, a folder that a sandboxed program must not reach, and a look at what still lives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from languages.sandbox import bubblewrap
from languages.sandbox.bubblewrap import Bubblewrap
from languages.sandbox.job import Backend
from languages.sandbox.landlock import Landlock, landlock_level
from languages.sandbox.limits import MIB, Limits
from languages.sandbox.run import SandboxResult, run, running_python
from tests.tools import missing

#: Runs Python text confined: (text, *arguments, **options of `run`).
Runner = Callable[..., SandboxResult]

_PRELUDE = """
import ctypes, os, pathlib, signal, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def attempt(name, action):
    try:
        print(name, "->", action(), flush=True)
    except (Exception, SystemExit) as error:
        print(name, "refused:", type(error).__name__, flush=True)
"""


@pytest.fixture(params=["bubblewrap", "landlock", "early landlock"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Bubblewrap; Landlock as this kernel has it; Landlock as the first kernels had it."""
    if request.param == "bubblewrap":
        reason = bubblewrap.refusal()
        return Bubblewrap() if reason is None else missing(reason)
    level = landlock_level()
    if not level:
        missing("this kernel has no Landlock")
    return Landlock(level if request.param == "landlock" else 1)


@pytest.fixture
def token() -> str:
    """An argument that tells this test's processes from all others."""
    return uuid.uuid4().hex


@pytest.fixture
def python(backend: Backend, token: str) -> Runner:
    """Run Python text confined by `backend`; every process that it makes carries `token`."""

    def start(text: str, *arguments: object, **options: object) -> SandboxResult:
        defaults: dict[str, object] = {"limits": Limits(seconds=60, memory_bytes=400 * MIB)}
        readable = (*running_python(), *options.pop("readable", ()))  # type: ignore[misc]
        command = [sys.executable, "-c", _PRELUDE + text, *map(str, arguments), token]
        return run(command, backend=backend, readable=readable, **{**defaults, **options})  # type: ignore[arg-type]

    return start


@pytest.fixture
def outside() -> Iterator[Path]:
    """A folder that file modes open to everyone, so that only the sandbox can keep a program from it."""
    folder = Path(tempfile.mkdtemp(prefix="coder-outside-")).resolve()
    folder.chmod(0o777)
    (folder / "secret.txt").write_text("the user's secret")
    (folder / "secret.txt").chmod(0o666)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the user with a secret in its environment."""
    with subprocess.Popen(["sleep", "300"], env={"CODER_TEST_KEY": "the user's key"}) as process:
        yield process
        process.kill()


def living(token: str) -> list[int]:
    """The processes on this machine whose command line holds `token`."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            command = Path("/proc", name, "cmdline").read_bytes()
            state = Path("/proc", name, "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            if token.encode() in command and state != "Z":
                found.append(int(name))
    return found
