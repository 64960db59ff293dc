"""Runs that were made before: one JSON file a run, fresh for 24 hours.

The key is (path, code, tests, options, engine version), so a run is found again only where it would come out the same.
It does not run anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from languages.mutation.options import MutationOptions
from languages.mutation.results import MutationRun

#: Raise it when operators or verdicts change: every run made before is then forgotten.
ENGINE_VERSION = "1"
FRESH_SECONDS = 24 * 3600.0


def cache_key(path: Path, text: str, tests: Iterable[bytes], options: MutationOptions) -> str:
    """The key of a run of `path` with these test files' contents, in order."""
    parts = [ENGINE_VERSION.encode(), str(path).encode(), text.encode(), options.identity().encode(), *tests]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


class MutationCache:
    """The runs in `folder`; those that are no longer fresh are removed when one is added."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

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
        """Keep `run`; written aside and renamed, so that nobody reads half of it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in self._folder.glob("*.json"):
            with suppress(OSError):
                if not _is_fresh(file):
                    file.unlink()
        handle, name = tempfile.mkstemp(dir=self._folder)
        with os.fdopen(handle, "w", encoding="utf-8") as aside:
            json.dump(run.to_json(), aside)
        os.replace(name, self._folder / f"{key}.json")


def _is_fresh(file: Path) -> bool:
    return time.time() - file.stat().st_mtime <= FRESH_SECONDS
