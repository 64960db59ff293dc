"""Verdicts that were given before, on disk, by the hash of what they are about.

A bounded `diskcache` (https://grantjenks.com/docs/diskcache): the least recently stored go when it is full, and many
processes may share it. Values are JSON, so a file that somebody else wrote cannot run code here.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from languages.cache_directory import cache_directory
from languages.compilers.verdict import Depth, Verdict
from languages.finding import Finding, Position, Range

#: Raise it when the same program and text would get another verdict from us.
_VERSION = 1
#: Bytes on disk: about 100,000 verdicts.
DEFAULT_SIZE = 64_000_000


class VerdictCache:
    """Verdicts in `folder` (our cache directory's), at most about `size` bytes. Close it, or use it as a context."""

    def __init__(self, folder: Path | None = None, *, size: int = DEFAULT_SIZE) -> None:
        from diskcache import Cache, JSONDisk  # type: ignore[import-untyped,unused-ignore]

        place = folder or cache_directory() / "verdicts"
        self._cache: Any = Cache(str(place), size_limit=size, disk=JSONDisk, disk_compress_level=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._cache.close()

    def get(self, key: str) -> Verdict | None:
        """The verdict under `key`, or None; what cannot be read counts as not there."""
        try:
            stored = self._cache.get(key)
            return None if stored is None else Verdict(tuple(_from_json(item) for item in stored))
        except (ValueError, KeyError, TypeError, OSError):
            return None

    def put(self, key: str, verdict: Verdict) -> None:
        """Keep `verdict`, unless there was none: a time-out today may be none tomorrow."""
        if verdict.failure is None:
            self._cache.set(key, [finding.to_json() for finding in verdict.findings])


def verdict_key(language: str, identity: str, depth: Depth, text: str) -> str:
    """Equal for equal questions to the same compiler."""
    question = json.dumps([_VERSION, language, identity, depth, text])
    return hashlib.sha256(question.encode("ascii")).hexdigest()


def _from_json(stored: Any) -> Finding:
    """The inverse of `Finding.to_json`; compilers offer no fixes."""
    start, end = (
        Position(stored["range"][side]["line"], stored["range"][side]["character"]) for side in ("start", "end")
    )
    return Finding(**{**stored, "range": Range(start, end), "fix": None})
