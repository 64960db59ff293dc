"""`Limits`: how much of the machine a sandboxed program may have.

It does not know how a limit is held; see `watch.py` (time, memory of all, output) and the backends (the rest).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from languages.errors import CoderError

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every limit is positive and finite; anything else is a `CoderError`.

    `seconds` is wall time of the whole run; `cpu_seconds` is processor time of one process; `memory_bytes` is the real
    memory of all its processes together; `address_bytes` is the address space of one process, which must be roomy (the
    BEAM reserves 2 GB, a Go test binary 1 GB, Python 0.2 GB); `processes` counts processes and threads together;
    `output_bytes` is stdout plus stderr; `file_bytes` is the size of one file that it writes; `open_files` is for one
    process.
    """

    seconds: float = 10.0
    cpu_seconds: int = 60
    memory_bytes: int = 1024 * MIB
    address_bytes: int = 4096 * MIB
    processes: int = 256
    output_bytes: int = 8 * MIB
    file_bytes: int = 64 * MIB
    open_files: int = 512

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value > 0):
                raise CoderError(f"The sandbox limit {field.name} is {value}; give a number above 0", code="bad_limit")
            if field.name != "seconds" and not isinstance(value, int):
                raise CoderError(f"The sandbox limit {field.name} is {value}; give a whole number", code="bad_limit")
