"""The supervisor of a program without namespaces: confines it, waits for it, leaves nothing of it alive.

It runs as a script of its own, `python -I -S confine.py LIFELINE REPORT PLAN` (three open file descriptors), so it has
no threads and may fork; only the standard library is at hand. It knows nothing of why: the plan is plain data from
`landlock.py`. REPORT gets "+" when all limits hold, and a reason when a step failed or the program did not start.
The supervisor exits with the program's code, or 128 + n after signal n. Interfaces: landlock(7), seccomp(2), prctl(2).
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from base64 import b64decode
from contextlib import suppress
from typing import Any, NoReturn

_LIBC = ctypes.CDLL(None, use_errno=True)
_ADD_RULE, _RESTRICT_SELF, _CREATE_RULESET = 445, 446, 444
_SET_DEATH_SIGNAL, _SET_KEEP_CAPABILITIES, _SET_SECCOMP, _SUBREAPER, _NO_NEW_PRIVILEGES, _AMBIENT = 1, 8, 22, 36, 38, 47
_AMBIENT_RAISE, _FILTER_MODE, _CAPABILITY_VERSION_3 = 2, 2, 0x20080522
_DAC_READ_SEARCH = 2


class _Ruleset(ctypes.Structure):
    """`struct landlock_ruleset_attr`."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    """`struct landlock_path_beneath_attr`."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _Filter(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


class _Capabilities(ctypes.Structure):
    """`struct __user_cap_header_struct` and the two data structures after it."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int), ("sets", ctypes.c_uint32 * 6))


def main() -> int:
    """Run the plan; the exit code is the program's."""
    lifeline, report, plan_file = map(int, sys.argv[1:4])
    with os.fdopen(plan_file, "rb") as file:
        plan = json.load(file)
    _call("prctl", _SUBREAPER, 1, 0, 0, 0)
    supervisor = os.getpid()
    child = os.fork()
    if child == 0:
        os.close(lifeline)
        os.set_inheritable(report, False)
        _become(plan, supervisor, report)
    for descriptor in (report, 0, 1, 2):
        os.close(descriptor)
    ended = os.pidfd_open(child)
    select.select([lifeline, ended], [], [])
    status = _status_if_ended(child)
    _end_all()
    return 128 + signal.SIGKILL if status is None else _exit_code(status)


def _become(plan: dict[str, Any], supervisor: int, report: int) -> NoReturn:
    """Turn into the program, or say why not."""
    try:
        os.setsid()
        _confine(plan, supervisor)
        os.write(report, b"+")
        os.execve(plan["command"][0], plan["command"], plan["environment"])
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        os.write(report, f"{error.strerror}{place}".encode("utf-8", "replace"))
    except BaseException as error:
        os.write(report, f"{type(error).__name__}: {error}".encode("utf-8", "replace"))
    os._exit(126)


def _confine(plan: dict[str, Any], supervisor: int) -> None:
    """In this order, because each step takes away what an earlier one needed."""
    ruleset = _ruleset(plan)
    if plan["user"] is not None:
        _lower(plan["user"], plan["read_all"])
    _call("prctl", _SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != supervisor:
        raise OSError(0, "the supervisor is gone")
    os.chdir(plan["folder"])
    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _call("syscall", _RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    _limit(plan["limits"])
    code = b64decode(plan["filter"])
    program = _Filter(len(code) // 8, code)
    _call("prctl", _SET_SECCOMP, _FILTER_MODE, ctypes.byref(program), 0, 0)


def _ruleset(plan: dict[str, Any]) -> int:
    attributes = _Ruleset(plan["handled"], plan["network"], plan["scoped"])
    size = 24 if plan["scoped"] else 16 if plan["network"] else 8
    ruleset = _call("syscall", _CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    for path, rights in plan["paths"]:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = _PathBeneath(rights, parent)
        _call("syscall", _ADD_RULE, ruleset, 1, ctypes.byref(rule), 0)
        os.close(parent)
    return ruleset


def _lower(user: int, read_all: bool) -> None:
    """Stop being root. `read_all` keeps one right: to read where file modes say no but Landlock says yes."""
    _call("prctl", _SET_KEEP_CAPABILITIES, int(read_all), 0, 0, 0)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    if read_all:
        mask = 1 << _DAC_READ_SEARCH
        wanted = _Capabilities(_CAPABILITY_VERSION_3, 0, (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0))
        _call("capset", ctypes.byref(wanted), ctypes.byref(wanted, _Capabilities.sets.offset))
        _call("prctl", _AMBIENT, _AMBIENT_RAISE, _DAC_READ_SEARCH, 0, 0)


def _limit(limits: dict[str, Any]) -> None:
    seconds = limits["cpu_seconds"]
    _lower_limit(resource.RLIMIT_CPU, seconds, seconds + 1)
    for kind, value in (
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, limits["address_bytes"]),
    ):
        _lower_limit(kind, value, value)


def _lower_limit(kind: int, soft: int, hard: int) -> None:
    """A limit that is stricter already stays."""
    ceiling = resource.getrlimit(kind)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


def _status_if_ended(child: int) -> int | None:
    pid, status = os.waitpid(child, os.WNOHANG)
    return status if pid == child else None


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _end_all() -> None:
    """Stop every process below us until no new one appears, then kill them; again until none is left."""
    while living := _descendants(os.getpid()):
        stopped: set[int] = set()
        while fresh := living - stopped:
            _signal(fresh, signal.SIGSTOP)
            stopped |= fresh
            living = _descendants(os.getpid())
        _signal(stopped, signal.SIGKILL)
        _reap()


def _descendants(pid: int) -> set[int]:
    """All processes below `pid`, zombies too. Orphans are ours, since we are the subreaper."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        children = _children(waiting.pop()) - found
        found |= children
        waiting += children
    return found


def _children(pid: int) -> set[int]:
    children: set[int] = set()
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                children.update(map(int, file.read().split()))
    return children


def _signal(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, number)


def _reap() -> None:
    """Collect the dead; a moment for the dying."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    time.sleep(0.001)


def _call(function: str, *arguments: Any) -> int:
    result = int(getattr(_LIBC, function)(*arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")
    return result


if __name__ == "__main__":
    sys.exit(main())
