"""The filter, run by a small interpreter of classic BPF, for both processors."""

from __future__ import annotations

import errno
import re
import struct
from pathlib import Path

import pytest

from languages.errors import CoderError
from languages.sandbox.seccomp import MACHINES, base_rules, filter_program, no_signal_rules, no_socket_rules
from languages.sandbox.syscalls import NUMBERS
from tests.tools import missing

ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


def verdict(program: bytes, number: int, *arguments: int, arch: int) -> int:
    """What the kernel would return for this call."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=IIQ6Q", number, arch, 0, *padded)
    accumulator = position = 0
    while True:
        operation, if_true, if_false, constant = struct.unpack_from("=HBBI", program, 8 * position)
        position += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, constant)
        elif operation == 0x06:
            return constant
        else:
            holds = {0x15: accumulator == constant, 0x35: accumulator >= constant, 0x45: bool(accumulator & constant)}
            position += if_true if holds[operation] else if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_each_rule_refuses_what_it_says_and_nothing_else(machine: str) -> None:
    column, arch = MACHINES[machine]
    program = filter_program([*base_rules(), *no_socket_rules(), *no_signal_rules()], machine)

    def ask(name: str, *arguments: int) -> int:
        number = NUMBERS[name][column]
        assert number is not None
        return verdict(program, number, *arguments, arch=arch)

    assert ask("ptrace") == ERRNO | errno.EPERM
    assert ask("socket", 1) == ERRNO | errno.EACCES
    assert ask("clone3") == ERRNO | errno.ENOSYS
    assert (ask("clone", 0x11), ask("clone", 0x10000011)) == (ALLOW, ERRNO | errno.EPERM)
    assert (ask("prlimit64", 0), ask("prlimit64", 7)) == (ALLOW, ERRNO | errno.EPERM)
    assert (ask("ioctl", 1, 0x5401), ask("ioctl", 1, 0x5412)) == (ALLOW, ERRNO | errno.EPERM)
    assert (ask("tgkill", 7, 7, 23), ask("tgkill", 7, 7, 9)) == (ALLOW, ERRNO | errno.EPERM)
    assert (ask("kill", 7, 0), ask("kill", 7, 9)) == (ALLOW, ERRNO | errno.EPERM)
    assert ask("chmod" if machine == "x86_64" else "fchmodat") == ALLOW


def test_another_processor_is_killed_and_x32_is_refused() -> None:
    program = filter_program(base_rules(), "x86_64")
    assert verdict(program, 1, arch=0x40000003) == KILL
    assert verdict(program, 0x40000001, arch=MACHINES["x86_64"][1]) == ERRNO | errno.ENOSYS


def test_an_unknown_processor_is_an_error() -> None:
    with pytest.raises(CoderError, match="riscv64"):
        filter_program([], "riscv64")


@pytest.mark.parametrize(
    ("header", "column"),
    [("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", 0), ("/usr/include/asm-generic/unistd.h", 1)],
)
def test_the_numbers_are_those_of_the_kernel_headers(header: str, column: int) -> None:
    if not Path(header).exists():
        missing(f"the kernel header {header} is not installed")
    text = Path(header).read_text()
    known = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    ours = {name: numbers[column] for name, numbers in NUMBERS.items() if name in known}
    assert len(ours) > 70
    assert ours == {name: known[name] for name in ours}
