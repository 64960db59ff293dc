"""The moment at which the file under test is imported for the first time, and what is imported then.

Everything before that moment (pytest, its plugins, conftest files) is the same for every mutant, so a process that
waits there can be forked for each mutant of code that runs at import. It does not know what tests are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any


class ImportPoint:
    """Calls `reached` before the file at `path` is imported for the first time, then gives out `code`."""

    def __init__(self, path: str, source: bytes, reached: Callable[[], None]) -> None:
        self._target = os.path.realpath(path)
        self._name = os.path.basename(path)
        self._reached = reached
        self._was_reached = False
        self.code: CodeType = compile(source.decode(), path, "exec", dont_inherit=True)

    def watch(self) -> None:
        """From here on."""
        original = SourceFileLoader.get_code

        def get_code(loader: SourceFileLoader, fullname: str) -> Any:
            path = loader.get_filename(fullname)
            if os.path.basename(path) != self._name or os.path.realpath(path) != self._target:
                return original(loader, fullname)
            self.arrive()
            return self.code

        setattr(SourceFileLoader, "get_code", get_code)  # noqa: B010 (a method is replaced on purpose)

    def arrive(self) -> None:
        """Say that the moment has come, if it has not before."""
        if not self._was_reached:
            self._was_reached = True
            self._reached()
