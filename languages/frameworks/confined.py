"""The `Runner` for tests that nobody vouches for: the project is read-only, the network is gone, reports go to scratch.

`languages/sandbox` does the confining; this file says what a test run needs to see: the toolchain of the program that
is run, our scripts, and a build folder of its own for Go and Mix, because theirs are not to be written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from languages.errors import CoderError
from languages.frameworks.go_builds import put_standard_packages
from languages.linters.process import ToolFailure, ToolOutput
from languages.sandbox.limits import MIB, Limits
from languages.sandbox.run import SandboxResult, run, running_python
from languages.workers.launching import toolchain

_LANGUAGES = Path(__file__).parents[1]
_SCRIPTS = (_LANGUAGES / "frameworks" / "inside", _LANGUAGES / "workers")
_BYTES = 2048 * MIB


def run_confined(
    command: Sequence[str | Path],
    *,
    directory: Path,
    scratch: Path,
    environment: Mapping[str, str],
    timeout: float,
) -> ToolOutput | ToolFailure:
    """Run `command` in the sandbox; a machine that has none is a `missing` failure, never an unconfined run."""
    builds = {"GOCACHE": str(scratch / "go-build"), "MIX_BUILD_PATH": str(scratch / "mix"), "MIX_HOME": str(scratch)}
    limits = Limits(seconds=timeout, cpu_seconds=max(1, int(timeout) * 4), memory_bytes=_BYTES, file_bytes=256 * MIB)
    program = Path(command[0])
    readable = tuple(dict.fromkeys((*_SCRIPTS, *running_python(), *toolchain(program))))
    try:
        if program.name == "go":
            put_standard_packages(scratch / "go-build", program, directory, readable)
        result = run(
            command,
            files=directory,
            readable=readable,
            writable=scratch,
            environment={**builds, **environment},
            limits=limits,
        )
    except CoderError as error:
        return ToolFailure("missing", error.message)
    return _ended(program.name, result, timeout)


def _ended(name: str, result: SandboxResult, timeout: float) -> ToolOutput | ToolFailure:
    if result.outcome == "timeout":
        return ToolFailure("timeout", f"{name} took longer than {timeout:g} s and was stopped")
    if result.outcome == "output":
        return ToolFailure("overflow", f"{name} printed more than it may; make the tests print less")
    if result.outcome == "memory":
        return ToolFailure("crash", f"{name} took more than {_BYTES // MIB} MiB of memory; make the tests need less")
    if result.outcome == "killed" or result.exit_code is None:
        return ToolFailure("crash", f"{name} was ended by a signal; run it by hand to see why")
    return ToolOutput(result.exit_code, result.stdout, result.stderr)
