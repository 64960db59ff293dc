"""Runs a Python module as `python -m` does, or a script, and writes which lines of a folder ran; it needs no package.

    python line_counter.py OUT FOLDER MODULE|SCRIPT.py [ARGUMENTS]

OUT becomes `{"FILE": [[covered lines], [missed lines]]}`, 1-based, for the files below FOLDER that were loaded. It
stands alone: it is run by the interpreter of the project under test. Only our files are traced line by line.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import threading
from types import CodeType, FrameType
from typing import Any


def executable_lines(code: CodeType) -> set[int]:
    """The lines that `code` and what is defined in it can run."""
    lines = {line for _, _, line in code.co_lines() if line}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            lines |= executable_lines(constant)
    return lines


class LineCounter:
    """Collects the lines that run in files below `folder`."""

    def __init__(self, folder: str) -> None:
        self._folder = os.path.join(os.path.realpath(folder), "")
        self._ran: dict[str, set[int]] = {}

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """For `sys.settrace`: follow a frame only when its file is ours."""
        file = frame.f_code.co_filename
        if not file.startswith(self._folder):
            return None
        lines = self._ran.setdefault(file, set())
        lines.add(frame.f_lineno)

        def follow(frame: FrameType, event: str, argument: Any) -> Any:
            lines.add(frame.f_lineno)
            return follow

        return follow

    def report(self) -> dict[str, tuple[list[int], list[int]]]:
        """Covered and missed lines by file, relative to the folder."""
        found: dict[str, tuple[list[int], list[int]]] = {}
        for file, ran in self._ran.items():
            try:
                with open(file, "rb") as source:
                    lines = executable_lines(compile(source.read(), file, "exec", dont_inherit=True))
            except (OSError, SyntaxError, ValueError):
                continue
            found[file[len(self._folder) :]] = (sorted(lines & ran), sorted(lines - ran))
        return found


def main() -> None:
    """Run the program; its exit code is ours."""
    out, folder, program = sys.argv[1:4]
    counter = LineCounter(folder)
    sys.argv = [program, *sys.argv[4:]]
    sys.path[0] = os.getcwd()
    threading.settrace(counter.trace)
    sys.settrace(counter.trace)
    try:
        if program.endswith(".py"):
            runpy.run_path(program, run_name="__main__")
        else:
            runpy.run_module(program, run_name="__main__", alter_sys=True)
    finally:
        sys.settrace(None)
        with open(out, "w", encoding="utf-8") as file:
            json.dump(counter.report(), file)


if __name__ == "__main__":
    main()
