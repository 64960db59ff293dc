"""Confine the process that runs a project's Python tests: `MutationOptions(confine=confined)`.

A mutant can do what its original never did: delete the wrong folder, write over a file. Here it sees a read-only
project and system, no network, neither the user's home nor the environment, and a temporary folder of its own, by the
means of `languages/sandbox`. Tests that write into the project fail so. The command is this file, run as a script: it
starts the worker confined and passes its messages on.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

_PACKAGE = Path(__file__).resolve().parents[1]
_DAY = 86_400
_MIB = 1 << 20
_PASSED_ON = ("PYTHON", "PYTEST_", "LC_", "TZ")


def confined(command: Sequence[str], project: Path) -> Sequence[str]:
    """The command that runs `command` confined, with `project` to read.

    Raises `CoderError` (`no_sandbox`) where this machine has no way to confine; nothing runs unconfined then.
    """
    from languages.sandbox.run import usable_backend

    usable_backend()
    return [sys.executable, str(Path(__file__).resolve()), str(Path(project).resolve()), *command]


def main() -> int:
    """Run the command; the exit code is its own."""
    from languages.errors import CoderError

    try:
        return _serve(Path(sys.argv[1]), sys.argv[2:])
    except CoderError as error:
        print(error.message, file=sys.stderr)
        return 1


def _serve(project: Path, command: Sequence[str]) -> int:
    from languages.sandbox.limits import Limits
    from languages.sandbox.run import running_python
    from languages.sandbox.session import open_session
    from languages.workers.launching import toolchain

    running = open_session(
        command,
        files=project,
        readable=tuple(dict.fromkeys((*running_python(), *toolchain(Path(command[0])), _PACKAGE))),
        environment={name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)},
        limits=Limits(cpu_seconds=_DAY, memory_bytes=8192 * _MIB, file_bytes=256 * _MIB, address_bytes=8192 * _MIB),
    )
    process = running.process
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    threading.Thread(target=_pass_on, args=(sys.stdin.buffer, process.stdin), daemon=True).start()
    said = [
        threading.Thread(target=_pass_on, args=(process.stdout, sys.stdout.buffer), daemon=True),
        threading.Thread(target=_pass_on, args=(process.stderr, sys.stderr.buffer), daemon=True),
    ]
    for thread in said:
        thread.start()
    try:
        code = process.wait()
    finally:
        running.finish()
    for thread in said:
        thread.join()
    return code


def _pass_on(source: IO[bytes], target: IO[bytes]) -> None:
    """Everything from one pipe to another, as it comes."""
    try:
        while block := os.read(source.fileno(), 1 << 16):
            target.write(block)
            target.flush()
        target.close()
    except (OSError, ValueError):
        return  # the other side is gone


if __name__ == "__main__":
    sys.exit(main())
