"""Runs unittest's tests and writes one JSON object a finished test; it needs no package.

    python unittest_rows.py OUT [FILE ...]

Without files, tests are discovered as `python -m unittest` does. It stands alone: it is run by the interpreter of the
project under test, in the project's folder. Lines are 0-based, and files relative to that folder.
"""

from __future__ import annotations

import json
import os
import sys
import time
import unittest
from types import TracebackType
from typing import IO, Any

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class RowResult(unittest.TextTestResult):
    """A result that also writes rows; a test with failing subtests is one row for each of those."""

    rows: IO[str]

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        self._started = time.perf_counter()
        self._subtests_failed = False
        super().startTest(test)

    def addSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().addSuccess(test)
        if not self._subtests_failed:
            self._write(test, "passed")

    def addFailure(self, test: unittest.TestCase, err: ExcInfo) -> None:  # noqa: N802
        super().addFailure(test, err)
        self._write(test, "failed", self.failures[-1][1], err[2])

    def addError(self, test: unittest.TestCase, err: ExcInfo) -> None:  # noqa: N802
        """An exception of the test itself is a failure; one of a module or of `setUpClass` is an error."""
        super().addError(test, err)
        outcome = "failed" if isinstance(test, unittest.TestCase) and not _stands_in(test) else "error"
        self._write(test, outcome, self.errors[-1][1], err[2])

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802
        super().addSkip(test, reason)
        self._write(test, "skipped", reason)

    def addExpectedFailure(self, test: unittest.TestCase, err: ExcInfo) -> None:  # noqa: N802
        super().addExpectedFailure(test, err)
        self._write(test, "passed")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().addUnexpectedSuccess(test)
        self._write(test, "failed", "it was expected to fail, and passed")

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: ExcInfo | None) -> None:  # noqa: N802
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._subtests_failed = True
            self._write(subtest, "failed", self._exc_info_to_string(err, test), err[2])  # type: ignore[attr-defined]

    def _write(self, test: Any, outcome: str, message: str | None = None, trace: TracebackType | None = None) -> None:
        file, line = _place(trace)
        seconds = time.perf_counter() - getattr(self, "_started", time.perf_counter())
        row = {
            "name": test.id(),
            "outcome": outcome,
            "seconds": seconds,
            "message": message,
            "file": file,
            "line": line,
        }
        self.rows.write(json.dumps(row) + "\n")
        self.rows.flush()


def _stands_in(test: unittest.TestCase) -> bool:
    """True for what the loader puts in the place of a module that it could not import."""
    return type(test).__module__ == "unittest.loader"


def _place(trace: TracebackType | None) -> tuple[str | None, int | None]:
    """The innermost place in a file below the working folder."""
    here = os.path.join(os.getcwd(), "")
    found: tuple[str | None, int | None] = (None, None)
    while trace is not None:
        file = os.path.abspath(trace.tb_frame.f_code.co_filename)
        if file.startswith(here):
            found = file[len(here) :], trace.tb_lineno - 1
        trace = trace.tb_next
    return found


def main() -> None:
    """Exit code 0 when everything passed, 1 when not."""
    out, *files = sys.argv[1:]
    sys.path.insert(0, os.getcwd())
    loader = unittest.TestLoader()
    names = [os.path.splitext(os.path.normpath(file))[0].replace(os.sep, ".") for file in files]
    suite = loader.loadTestsFromNames(names) if names else loader.discover(".")
    with open(out, "w", encoding="utf-8") as rows:
        RowResult.rows = rows
        # typeshed makes the result class generic in its stream, which at run time it is not.
        result = unittest.TextTestRunner(resultclass=RowResult).run(suite)  # type: ignore[arg-type]
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
