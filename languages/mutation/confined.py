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
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])

if TYPE_CHECKING:
    from languages.sandbox.job import Job

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
    from languages.sandbox.run import usable_backend
    from languages.sandbox.scratch import scratch_folder

    try:
        with scratch_folder() as scratch:
            running = usable_backend().start(_job(Path(sys.argv[1]), sys.argv[2:], scratch))
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
            code = process.wait()
            running.finish()
            for thread in said:
                thread.join()
            return code
    except CoderError as error:
        print(error.message, file=sys.stderr)
        return 1


def _job(project: Path, command: Sequence[str], scratch: Path) -> Job:
    from languages.errors import CoderError
    from languages.sandbox.job import DEFAULT_PATH, Job
    from languages.sandbox.limits import Limits
    from languages.sandbox.run import usable_backend
    from languages.sandbox.scratch import closed_to_others, give_to, user_for

    if Path.home().resolve().is_relative_to(project):
        raise CoderError(f"{project} would show your home to the tests; move the project below it", code="bad_path")
    temporary = scratch / "tmp"
    user = user_for(scratch)
    if user is not None:
        give_to(user, temporary)
    readable = tuple(dict.fromkeys((*_toolchain(Path(command[0])), _PACKAGE, project)))
    private = usable_backend().private_temporary(temporary)
    kept = {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
    return Job(
        command=(os.path.abspath(command[0]), *command[1:]),
        folder=project,
        temporary=temporary,
        readable=readable,
        writable=(),
        environment={"PATH": DEFAULT_PATH, "HOME": private, "TMPDIR": private, "LANG": "C.UTF-8", **kept},
        limits=Limits(seconds=_DAY, cpu_seconds=_DAY, file_bytes=256 * _MIB, address_bytes=8192 * _MIB),
        user=user,
        read_all=user is not None and any(map(closed_to_others, readable)),
    )


def _toolchain(program: Path) -> Iterator[Path]:
    """The folders that the interpreter needs, an environment's and those of the Python below it."""
    from languages.sandbox.run import running_python

    yield from running_python()
    for place in (program, program.resolve()):
        if place.parent.name == "bin" and place.parent.parent not in (Path("/"), Path("/usr"), Path("/usr/local")):
            yield place.parent.parent


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
