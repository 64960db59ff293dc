"""Threats that outlive a run: daemons, shared memory, files that resist removal, and the death of Coder itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from languages.sandbox.job import Backend
from tests.languages.sandbox.conftest import Runner, living


def test_daemons_do_not_survive(python: Runner, token: str) -> None:
    leave = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 10)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        while True:
            time.sleep(1)
    os._exit(0)
os.wait()
print("left")
"""
    result = python(leave)
    assert (result.outcome, result.stdout) == ("exited", "left\n")
    assert living(token) == []


def test_shared_memory_does_not_survive(python: Runner) -> None:
    before = Path("/proc/sysvipc/shm").read_text()
    python("libc.shmget(0x0C0DE7, 4096, 0o1666)")
    assert Path("/proc/sysvipc/shm").read_text().count("\n") == before.count("\n")


def test_files_that_resist_are_removed(python: Runner) -> None:
    dig = """
for _ in range(1500):
    os.mkdir("deep"); os.chdir("deep")
os.chdir(os.environ["TMPDIR"])
os.makedirs("locked/in"); open("locked/in/file", "w")
os.umask(0o777); os.makedirs("closed")
print(os.environ["TMPDIR"])
"""
    before = set(Path(tempfile.gettempdir()).glob("coder-sandbox-*"))
    assert python(dig).exit_code == 0
    assert set(Path(tempfile.gettempdir()).glob("coder-sandbox-*")) <= before


def test_it_ends_when_we_are_killed(backend: Backend, token: str, outside: Path) -> None:
    caller = f"""
from pathlib import Path
from languages.sandbox.bubblewrap import Bubblewrap
from languages.sandbox.landlock import Landlock
from languages.sandbox.run import run
program = "setsid sleep 300 & touch {outside}/ready; sleep 300; :"
run(["sh", "-c", program, "{token}"], writable=Path("{outside}"), backend={backend!r})
"""
    root = Path(__file__).parents[3]
    process = subprocess.Popen([sys.executable, "-c", caller], cwd=root, env={**os.environ, "TMPDIR": str(outside)})
    _until((outside / "ready").exists)
    assert living(token)
    process.send_signal(signal.SIGKILL)
    process.wait()
    _until(lambda: not living(token))


def _until(condition: Callable[[], object]) -> None:
    """Wait for what must come; a minute is far more than it takes."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
