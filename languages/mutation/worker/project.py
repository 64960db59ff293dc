"""What a worker is given: the file that is mutated, its tests, and the pipes to the engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Project:
    """The mutated file, its text, the tests as pytest arguments, and the two pipes to the engine."""

    target: str
    source: bytes
    arguments: list[str]
    parallel: int
    inbox: int
    outbox: int
    scratch: Path
