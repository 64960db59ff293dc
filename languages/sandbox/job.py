"""`Job`: one program to confine, with everything decided; and what a backend makes of it.

Here stands what every sandboxed program sees of the system, so that both backends show the same. Neither a limit nor a
backend is chosen here.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from languages.sandbox.limits import Limits

#: Folders and files of the system that a program may read; what the machine lacks is left out.
SYSTEM = tuple(
    Path(name)
    for name in (
        *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store"),
        *("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime"),
        *("/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/ssl/certs", "/etc/ssl/openssl.cnf"),
    )
)

#: Devices without memory of their own.
DEVICES = tuple(Path("/dev", name) for name in ("null", "zero", "full", "random", "urandom"))

#: Where programs are looked for when the environment does not say.
DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to run and what it may reach. All paths are absolute.

    `command[0]` is the program's path; `folder` is where it starts; `temporary` is its private /tmp; `user` is the
    unprivileged user and group id to become, or None where we are unprivileged already; `read_all` lets that user read
    what file modes keep for root, within the paths given here.
    """

    command: tuple[str, ...]
    folder: Path
    temporary: Path
    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    environment: Mapping[str, str]
    limits: Limits
    user: int | None
    read_all: bool


class Confined(Protocol):
    """A program that runs confined, its three pipes on `process`."""

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """What ends when the program has ended, with its exit code (128 + n after signal n)."""

    def stop(self) -> None:
        """Kill everything that is confined."""

    def finish(self) -> None:
        """Wait until nothing of it lives. Called once, after the program ended or was stopped."""


class Backend(Protocol):
    """One way to confine."""

    @property
    def name(self) -> str:
        """What `SandboxResult.backend` says: "bubblewrap" or "landlock"."""

    def private_temporary(self, temporary: Path) -> str:
        """The path at which the program finds the folder `temporary`."""

    def start(self, job: Job) -> Confined:
        """Start the program with pipes at stdin, stdout and stderr, or raise `CoderError`."""
