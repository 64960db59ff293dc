"""One Erlang VM that stays alive, so that a question about Elixir code costs milliseconds instead of a start.

`BeamWorker` starts `beam.exs` at the first question and speaks with it over its standard input and output; the protocol
is described there. Code that is compiled or tested runs inside that VM and may do anything to it: an answer that does
not come in time, a VM that ends, one that has grown, all end in a kill and a fresh VM at the next question. It does not
know what the operations mean (`elixir_code.py` does), nor how to lock code in: `launch` is where a sandbox goes.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import struct
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from subprocess import TimeoutExpired
from types import TracebackType
from typing import IO, Any, Self

from languages.errors import CoderError
from languages.linters.process import ToolFailure, find_program
from languages.workers.launching import Launch, launch_confined, launch_unconfined, toolchain

_SCRIPT = Path(__file__).with_name("beam.exs")
#: The protocol moves from 0 and 1 to 3 and 4: code that is run has no way to print into it by accident. What is
#: printed beside what is collected (Mix tells so what does not compile) goes where the last words come from.
_SHELL = ("sh", "-c", 'exec "$@" 3<&0 4>&1 </dev/null >&2', "sh")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "ERL_CRASH_DUMP_SECONDS": "0"}
_MAX_ANSWER = 64_000_000
_STDERR_KEPT = 4_000
_WORD = 8
#: Exit codes of a shell whose program is not there or may not run.
_NOT_STARTED = (126, 127)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamLimits:
    """When a VM is replaced by a fresh one.

    `requests` answered, `memory` in bytes and `atoms` (never freed, 1,048,576 end the VM) held after an answer;
    `process_heap` is the most bytes that one Erlang process may hold, `address_space` what the VM may map.
    """

    requests: int = 1_000
    memory: int = 512_000_000
    atoms: int = 500_000
    process_heap: int = 512_000_000
    address_space: int = 6_000_000_000


class BeamWorker:
    """A VM that answers one question at a time; threads take turns. Close it, or use it as a context.

    `arguments` are those of `elixir`: what it runs must speak the protocol of `beam.exs`.
    """

    def __init__(
        self,
        program: Path | None = None,
        *,
        launch: Launch | None = None,
        limits: BeamLimits | None = None,
        arguments: Sequence[str] = (str(_SCRIPT),),
    ) -> None:
        self._program = program
        self._arguments = arguments
        self._launch = launch
        self._limits = limits or BeamLimits()
        self._turn = threading.Lock()
        self._vm: _Vm | None = None

    def executable(self) -> Path | None:
        """The `elixir` that is used, or None when there is none."""
        return self._program or find_program("elixir")

    @property
    def pid(self) -> int | None:
        """The process id of the running VM; None before the first question and after a kill."""
        return None if self._vm is None else self._vm.pid

    def ask(self, operation: str, *arguments: str, timeout: float = 30.0) -> Mapping[str, Any] | ToolFailure:
        """The answer of `beam.exs` to `operation`. `timeout` in seconds includes starting the VM."""
        program = self.executable()
        if program is None:
            return ToolFailure("missing", "elixir is not installed; install it from https://elixir-lang.org/install")
        with self._turn:
            try:
                if self._vm is None:
                    self._vm = _Vm(program, self._arguments, self._launch, self._limits)
            except OSError as error:
                return ToolFailure("missing", f"elixir could not be started ({error.strerror}); install it again")
            except CoderError as error:
                return ToolFailure("missing", error.message)
            try:
                answer = self._vm.ask((operation, *arguments), timeout)
            except BaseException:
                self._stop()
                raise
            if isinstance(answer, ToolFailure) or self._has_grown(answer):
                self._stop()
        return answer if isinstance(answer, ToolFailure) else _survived(answer)

    def close(self) -> None:
        """End the VM. A later question starts a new one."""
        with self._turn:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _has_grown(self, answer: Mapping[str, Any]) -> bool:
        limits = self._limits
        pairs = (("number", limits.requests - 1), ("memory", limits.memory), ("atoms", limits.atoms))
        return any(answer[name] > limit for name, limit in pairs)

    def _stop(self) -> None:
        vm, self._vm = self._vm, None
        if vm is not None:
            vm.kill()


@cache
def shared_beam() -> BeamWorker:
    """The VM that this process shares for code that it runs; it ends with the process."""
    return _until_exit(BeamWorker())


@cache
def parsing_beam() -> BeamWorker:
    """The VM that this process shares for questions that run no code: nothing that ran can change its answers."""
    return _until_exit(BeamWorker())


@cache
def confined_beam() -> BeamWorker:
    """The VM that this process shares for code that nobody vouches for; without a sandbox it answers with a failure."""
    return _until_exit(BeamWorker(launch=launch_confined(tuple(dict.fromkeys(_needed())))))


def _needed() -> Iterator[Path]:
    """What the VM reads: our scripts, and Elixir and Erlang where they are not the system's."""
    yield _SCRIPT.parent
    for name in ("elixir", "erl"):
        program = find_program(name)
        if program is not None:
            yield from toolchain(program)


def _until_exit(worker: BeamWorker) -> BeamWorker:
    atexit.register(worker.close)
    return worker


def _survived(answer: Mapping[str, Any]) -> Mapping[str, Any] | ToolFailure:
    """The VM lives, but the process that worked in it may have been ended."""
    if "crash" not in answer:
        return answer
    if answer["crash"] == ":killed":
        return ToolFailure("crash", "the code took more memory than it may, or killed itself; make it need less")
    return ToolFailure("crash", f"the code ended the process that ran it ({answer['crash']}); mend what exits")


class _Vm:
    """One running VM, its private folder and its pipes."""

    def __init__(self, program: Path, arguments: Sequence[str], launch: Launch | None, limits: BeamLimits) -> None:
        self._number = 0
        self._stderr = bytearray()
        flags = f"+hmax {limits.process_heap // _WORD} +hmaxel false"
        start = launch or partial(launch_unconfined, address_space=limits.address_space)
        self._running = start([*_SHELL, str(program), "--erl", flags, *arguments], _ENVIRONMENT)
        self._process = self._running.process
        self.pid = self._process.pid
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        for pipe in (self._stdin, self._stdout):
            os.set_blocking(pipe.fileno(), False)
        self._listener = threading.Thread(target=self._keep_stderr, args=(self._process.stderr,), daemon=True)
        self._listener.start()

    def ask(self, fields: Sequence[str], timeout: float) -> Mapping[str, Any] | ToolFailure:
        if self._number:
            self._stderr.clear()
        self._number += 1
        deadline = time.monotonic() + timeout
        try:
            self._send(_message((str(self._number), *fields)), deadline)
            (size,) = struct.unpack(">I", self._receive(4, deadline))
            if size > _MAX_ANSWER:
                return ToolFailure("overflow", f"Elixir answered with {size / 1e6:.0f} MB; give it less at once")
            return self._checked(json.loads(self._receive(size, deadline)))
        except TimeoutError:
            return ToolFailure("timeout", f"the Elixir code took longer than {timeout:g} s and was stopped")
        except (EOFError, OSError):
            return self._ended()
        except ValueError as error:
            return ToolFailure("crash", f"the code wrote into the answer ({error}); it must leave descriptor 4 alone")

    def kill(self) -> None:
        """End the VM and what it started."""
        self._running.finish()
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):
                pipe.close()

    def _checked(self, answer: Any) -> Mapping[str, Any]:
        if not isinstance(answer, dict) or not {"memory", "atoms", "output"} <= answer.keys():
            raise ValueError("it is of an unknown shape")
        if answer.get("number") != str(self._number):
            raise ValueError("it is not the answer to the question")
        answer["number"] = self._number
        return answer

    def _send(self, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        while rest:
            _wait(self._stdin, selectors.EVENT_WRITE, deadline)
            with suppress(BlockingIOError):
                rest = rest[os.write(self._stdin.fileno(), rest) :]

    def _receive(self, size: int, deadline: float) -> bytes:
        got = bytearray()
        while len(got) < size:
            _wait(self._stdout, selectors.EVENT_READ, deadline)
            block = os.read(self._stdout.fileno(), size - len(got))
            if not block:
                raise EOFError
            got += block
        return bytes(got)

    def _keep_stderr(self, pipe: IO[bytes]) -> None:
        with pipe:
            while block := os.read(pipe.fileno(), 1 << 16):
                self._stderr[:] = (self._stderr + block)[-_STDERR_KEPT:]

    def _ended(self) -> ToolFailure:
        """Why the VM is gone: the error that it printed, or the end of what it printed."""
        with suppress(TimeoutExpired):
            self._process.wait(1)
        self._listener.join(1)
        code = self._process.returncode
        if code in _NOT_STARTED:
            return ToolFailure("missing", "elixir could not be started; install it again")
        printed = bytes(self._stderr).decode("utf-8", "replace")
        banner = next((line for line in printed.splitlines() if line.startswith("** (")), None)
        said = banner or " ".join(printed.split())[-300:] or "nothing"
        return ToolFailure("crash", f"the Erlang VM ended early (exit code {code}); it last said: {said}")


def _message(fields: Sequence[str]) -> bytes:
    parts = [field.encode("utf-8", "replace") for field in fields]
    body = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return struct.pack(">I", len(body)) + body


def _wait(pipe: IO[bytes], event: int, deadline: float) -> None:
    """Return when `pipe` is ready; raises `TimeoutError` at the deadline."""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, event)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise TimeoutError
