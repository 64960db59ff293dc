"""Runs that were made before: one JSON file a run, fresh for 24 hours.

The key is (path, code, tests, options, engine version), so a run is found again only where it would come out the same.
The tests are all files of the project in the language, because a test may run any of them. It does not run anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from languages.mutation.options import MutationOptions
from languages.mutation.results import MutationRun

#: Raise it when operators or verdicts change: every run made before is then forgotten.
ENGINE_VERSION = "2"
FRESH_SECONDS = 24 * 3600.0
#: Bytes of all runs together; the oldest go first.
MAX_BYTES = 100_000_000
_SKIPPED = frozenset({"_build", "deps", "node_modules", "vendor", "__pycache__"})


def cache_key(path: Path, text: str, tests: Iterable[bytes], options: MutationOptions) -> str:
    """The key of a run of `path` with these test files' contents, in order."""
    parts = [ENGINE_VERSION.encode(), str(path).encode(), text.encode(), options.identity().encode(), *tests]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def project_parts(folder: Path, suffixes: Iterable[str]) -> Iterator[bytes]:
    """Names and contents of the files below `folder` that tests may run, in order; other people's code is left out."""
    wanted = tuple(suffixes)
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_skipped(Path(place, name)))
        for name in sorted(files):
            if name.endswith(wanted):
                yield os.path.relpath(os.path.join(place, name), folder).encode()
                with suppress(OSError):
                    yield Path(place, name).read_bytes()


class MutationCache:
    """The runs in `folder`, at most about `max_bytes`; those that are no longer fresh go when one is added."""

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def get(self, key: str) -> MutationRun | None:
        """The run, if there is a fresh one; a file that is not a run counts as none."""
        file = self._folder / f"{key}.json"
        try:
            if not _is_fresh(file):
                return None
            return MutationRun.from_json(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, run: MutationRun) -> None:
        """Keep `run`; written aside and renamed, so that nobody reads half of it. A run with an error is not kept."""
        if run.count("RuntimeError"):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "w", encoding="utf-8") as aside:
            json.dump(run.to_json(), aside)
        os.replace(name, self._folder / f"{key}.json")
        self._make_room()

    def _make_room(self) -> None:
        """Remove what is not fresh, then the oldest until the rest fits."""
        left = self._max_bytes
        for _, file in sorted(_ages(self._folder), reverse=True):
            with suppress(OSError):
                left -= file.stat().st_size
                if left < 0 or not _is_fresh(file):
                    file.unlink()


def _ages(folder: Path) -> Iterator[tuple[float, Path]]:
    for file in folder.glob("*.json"):
        with suppress(OSError):
            yield file.stat().st_mtime, file


def _is_fresh(file: Path) -> bool:
    return time.time() - file.stat().st_mtime <= FRESH_SECONDS


def _is_skipped(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in _SKIPPED or (folder / "pyvenv.cfg").is_file()
