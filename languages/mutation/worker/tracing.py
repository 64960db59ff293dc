"""Which lines of one file run, test by test.

Lines of module and class bodies run once, when the file is imported; they are kept apart. It traces with
`sys.settrace`, so it needs no package; a test that sets its own tracer hides its lines from us.
"""

from __future__ import annotations

import inspect
import os
import sys
import threading
from types import CodeType, FrameType
from typing import Any


class LineTracer:
    """`import_lines` and `lines` are 1-based; `take` empties `lines`."""

    def __init__(self, target: str) -> None:
        self._target = os.path.realpath(target)
        self._ours: dict[str, bool] = {}
        self.import_lines: set[int] = set()
        self.lines: set[int] = set()
        self._unseen: dict[CodeType, set[int]] = {}
        self._importing = True

    def start(self) -> None:
        threading.settrace(self._call)
        sys.settrace(self._call)

    def stop(self) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def imported(self) -> None:
        """From here on, functions run because a test calls them."""
        self._importing = False
        self.import_lines |= self.take()

    def take(self) -> set[int]:
        """The lines since the last call."""
        lines, self.lines = self.lines, set()
        self._unseen.clear()
        return lines

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if not self._ours.get(code.co_filename, True) or not self._is_ours(code):
            return None
        once = self._importing or not code.co_flags & inspect.CO_OPTIMIZED
        lines = self.import_lines if once else self.lines
        unseen = self._unseen.get(code)
        if unseen is None:
            unseen = self._unseen[code] = {line for _, _, line in code.co_lines() if line} - {frame.f_lineno}
            lines.add(frame.f_lineno)

        def local(frame: FrameType, event: str, argument: Any) -> Any:
            if event == "line" and frame.f_lineno in unseen:
                unseen.discard(frame.f_lineno)
                lines.add(frame.f_lineno)
            # A loop whose lines have all run is left alone from then on.
            return local if unseen else None

        return local if unseen else None

    def _is_ours(self, code: CodeType) -> bool:
        name = code.co_filename
        if name not in self._ours:
            self._ours[name] = os.path.realpath(name) == self._target
        return self._ours[name]
