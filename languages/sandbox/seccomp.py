"""The system-call filter: a classic BPF program as bytes, which a backend hands to the kernel.

A call that is not named here is allowed; the filter takes away what reaches beyond the sandbox or widens the kernel's
surface (debugging, namespaces, mounts, keys, io_uring, shared memory that outlives its maker). What Landlock and
namespaces protect is not its business. Layout of the program and of `struct seccomp_data`: seccomp(2), linux/filter.h.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from languages.errors import CoderError
from languages.sandbox.syscalls import NUMBERS

#: machine -> (column in NUMBERS, AUDIT_ARCH of linux/audit.h)
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NR, _ARCH, _ARGUMENTS = 0, 4, 16
#: Calls of the x32 interface, which would slip past the numbers of x86-64.
_X32 = 0x40000000

_NAMESPACES = 0x7E020000
_SIGURG = 23
#: TIOCSTI and TIOCLINUX type into a terminal; FIOSETOWN and SIOCSPGRP, like F_SETOWN and its kin, aim signals.
_IOCTLS = (0x5412, 0x541C, 0x8901, 0x8902)
_FCNTLS = (8, 10, 15)


@dataclass(frozen=True, slots=True)
class Rule:
    """Refuse the call `name` with `error`: always, or depending on its 0-based `argument` (lower 32 bits).

    `test` says when to refuse: the argument is "in" `values`, "not in" them, or has "any bit" of the first one.
    """

    name: str
    error: int = errno.EPERM
    argument: int | None = None
    test: Literal["in", "not in", "any bit"] = "in"
    values: tuple[int, ...] = ()


def base_rules() -> list[Rule]:
    """What no sandboxed program needs, whatever else confines it."""
    debugging = ("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise")
    mounts = ("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen")
    more_mounts = ("fsconfig", "fsmount", "fspick", "mount_setattr", "open_by_handle_at", "name_to_handle_at")
    kernel = ("keyctl", "add_key", "request_key", "bpf", "perf_event_open", "userfaultfd", "fanotify_init", "syslog")
    machine = ("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon")
    rest = ("swapoff", "acct", "quotactl", "quotactl_fd", "move_pages", "migrate_pages")
    absent = ("io_uring_setup", "io_uring_enter", "io_uring_register", "memfd_create", "memfd_secret", "clone3")
    lasting = ("shmget", "msgget", "semget", "mq_open")
    own_only = ("prlimit64", "sched_setparam", "sched_setscheduler", "sched_setaffinity", "sched_setattr")
    return [
        *_refuse((*debugging, *mounts, *more_mounts, *kernel, *machine, *rest)),
        *_refuse((*absent, *lasting), errno.ENOSYS),
        *(Rule(name, argument=0, test="not in", values=(0,)) for name in own_only),
        *(Rule(name, argument=1, test="not in", values=(0,)) for name in ("setpriority", "ioprio_set")),
        Rule("ioctl", argument=1, values=_IOCTLS),
        Rule("clone", argument=0, test="any bit", values=(_NAMESPACES,)),
    ]


def no_socket_rules() -> list[Rule]:
    """No socket of any family, not even of this machine; `socketpair` stays."""
    return list(_refuse(("socket",), errno.EACCES))


def no_attribute_rules() -> list[Rule]:
    """No change to files' attributes, which Landlock does not hold, nor `truncate` by path, which it held late."""
    attributes = ("setxattr", "lsetxattr", "fsetxattr", "setxattrat", "file_setattr")
    removals = ("removexattr", "lremovexattr", "fremovexattr", "removexattrat")
    return list(_refuse((*attributes, *removals, "truncate")))


def no_ownership_rules() -> list[Rule]:
    """No change to mode or owner of files, which Landlock does not hold: for a program run as the files' owner."""
    modes = ("chmod", "fchmod", "fchmodat", "fchmodat2")
    return list(_refuse((*modes, "chown", "fchown", "lchown", "fchownat")))


def no_signal_rules() -> list[Rule]:
    """No signal to anyone but SIGURG among threads, which Go's scheduler lives on."""
    return [
        *_refuse(("rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal")),
        *(Rule(name, argument=1, test="not in", values=(0,)) for name in ("kill", "tkill")),
        Rule("tgkill", argument=2, test="not in", values=(0, _SIGURG)),
        Rule("fcntl", argument=1, values=_FCNTLS),
    ]


def filter_program(rules: Iterable[Rule], machine: str | None = None) -> bytes:
    """The BPF program that refuses what `rules` say, each call named at most once, on `machine` (default: this one).

    Raises:
        CoderError: no table of system calls for this processor.
    """
    column, arch = _machine(machine or platform.machine())
    code = [
        _step(_LOAD, _ARCH),
        _step(_EQUAL, arch, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NR),
        _step(_AT_LEAST, _X32, 0, 1),
        _step(_RETURN, _ERRNO | errno.ENOSYS),
    ]
    for rule in rules:
        number = NUMBERS[rule.name][column]
        if number is not None:
            verdict = _verdict(rule)
            code += [_step(_EQUAL, number, 0, len(verdict)), *verdict]
    return b"".join([*code, _step(_RETURN, _ALLOW)])


def _refuse(names: Iterable[str], error: int = errno.EPERM) -> Iterable[Rule]:
    return (Rule(name, error) for name in names)


def _machine(name: str) -> tuple[int, int]:
    if name not in MACHINES:
        known = " and ".join(MACHINES)
        raise CoderError(f"The sandbox knows the processors {known}, not {name}; run it there", code="no_sandbox")
    return MACHINES[name]


def _verdict(rule: Rule) -> list[bytes]:
    """The steps after the number of the call has matched; they always end in a return."""
    refuse, allow = _step(_RETURN, _ERRNO | rule.error), _step(_RETURN, _ALLOW)
    if rule.argument is None:
        return [refuse]
    load = _step(_LOAD, _ARGUMENTS + 8 * rule.argument)
    if rule.test == "any bit":
        return [load, _step(_ANY_BIT, rule.values[0], 0, 1), refuse, allow]
    last = len(rule.values) - 1
    matches = [_step(_EQUAL, value, last - index + 1, 0) for index, value in enumerate(rule.values)]
    return [load, *matches, allow, refuse] if rule.test == "in" else [load, *matches, refuse, allow]


def _step(operation: int, constant: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One `struct sock_filter`."""
    return struct.pack("=HBBI", operation, if_true, if_false, constant)
