"""Bandit: security checks for Python (https://bandit.readthedocs.io).

Bandit runs inside this process, where a file takes milliseconds instead of the fifth of a second that starting it
costs. It has no time limit there, so larger texts go to a Bandit of their own, on stdin. Both give the same
dictionaries. Bandit is plain Python under the interpreter's lock: running one at a time loses nothing and needs no
proof that it is thread-safe.
"""

from __future__ import annotations

import json
import logging
import platform
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from languages.finding import Finding, Range, Severity
from languages.linters.linter import LinterFailure, LintReport
from languages.linters.process import ToolFailure, run_tool
from languages.positions import TextLines

#: Characters of text up to which Bandit runs in this process: about half a second of work.
MAX_IN_PROCESS = 150_000

_SEVERITIES: Mapping[str, Severity] = {"HIGH": "error", "MEDIUM": "warning", "LOW": "info"}
#: Bandit's words for how sure it is, as the probabilities that a `Finding` carries.
_CONFIDENCES: Mapping[str, float] = {"HIGH": 0.9, "MEDIUM": 0.6, "LOW": 0.3}
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Bandit:
    """The adapter; `program` is a Python that has Bandit, to use instead of this process."""

    program: Path | None = None
    name: str = "bandit"

    def executable(self) -> Path | None:
        """The Python that runs Bandit."""
        if self.program is not None:
            return self.program
        return Path(sys.executable) if find_spec("bandit") else None

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        program = self.executable()
        if program is None:
            return self._failed("bandit is not installed; install it with `pip install bandit`")
        try:
            if self.program is None and len(text) <= MAX_IN_PROCESS:
                issues, unread = _in_process(text)
            else:
                issues, unread = _in_own_process(program, text, timeout)
            if unread:
                return self._failed(_why_unread(unread))
            return LintReport(findings_of(issues, str(path), text))
        except _NoVerdictError as error:
            return self._failed(str(error))

    def _failed(self, reason: str) -> LintReport:
        return LintReport(failure=LinterFailure(self.name, reason))


@contextmanager
def bandit_alone() -> Iterator[None]:
    """Import or call Bandit inside this: one thread at a time, and silent.

    Its plugin loader warns of its own arguments, Python of odd escapes in the code that Bandit parses; neither is about
    us.
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("bandit").addHandler(logging.NullHandler())
        yield


class _NoVerdictError(Exception):
    """Bandit gave no report; the message is a sentence."""


def findings_of(issues: Iterable[Mapping[str, Any]], path: str, text: str) -> tuple[Finding, ...]:
    """The findings in the `results` of Bandit's JSON report on `text`."""
    lines = TextLines(text)
    try:
        return tuple(_finding(issue, path, lines) for issue in issues)
    except (AttributeError, KeyError, TypeError) as error:
        raise _NoVerdictError(f"bandit printed a report of an unknown shape ({error!r}); update bandit") from error


def _in_process(text: str) -> tuple[list[Mapping[str, Any]], str]:
    """The issues of `text` as Bandit's JSON writes them, and why it was not read ("" when it was)."""
    with bandit_alone():
        from bandit.core.config import BanditConfig
        from bandit.core.docs_utils import get_url
        from bandit.core.manager import BanditManager

        with tempfile.TemporaryDirectory(prefix="coder-bandit-") as folder:
            file = Path(folder, "source.py")
            file.write_bytes(text.encode("utf-8", "replace"))
            manager = BanditManager(BanditConfig(), "file", quiet=True)
            manager.discover_files([str(file)])
            manager.run_tests()
            found = [(issue.as_dict(with_code=False), get_url(issue.test_id)) for issue in manager.get_issue_list()]
            issues: list[Mapping[str, Any]] = [{**issue, "more_info": url} for issue, url in found]
            return issues, "".join(reason for _, reason in manager.get_skipped())


def _in_own_process(program: Path, text: str, timeout: float) -> tuple[list[Mapping[str, Any]], str]:
    """As `_in_process`, with a time limit."""
    output = run_tool([program, "-m", "bandit", "-q", "-f", "json", "-"], text=text, timeout=timeout)
    if isinstance(output, ToolFailure):
        raise _NoVerdictError(f"bandit gave no verdict: {output.reason}")
    try:
        report = json.loads(output.stdout)
        return report["results"], "".join(error["reason"] for error in report["errors"])
    except (ValueError, KeyError, TypeError) as error:
        said = " ".join(output.stderr.split())[:300] or "nothing"
        raise _NoVerdictError(f"bandit printed no report (exit code {output.exit_code}, it said: {said})") from error


def _why_unread(reason: str) -> str:
    if "syntax error" in reason:
        return f"Python {platform.python_version()} cannot parse the file, so bandit did not judge it; mend its syntax"
    return f"bandit did not judge the file ({reason}); simplify what nests deepest in it"


def _finding(issue: Mapping[str, Any], path: str, lines: TextLines) -> Finding:
    cwe = issue["issue_cwe"].get("id")
    return Finding(
        path=path,
        range=_range(issue, lines),
        check=issue["test_id"],
        category="security",
        severity=_SEVERITIES.get(issue["issue_severity"], "info"),
        message=issue["issue_text"].strip(),
        source="bandit",
        confidence=_CONFIDENCES.get(issue["issue_confidence"], 0.3),
        cwe=None if cwe is None else f"CWE-{cwe}",
        url=issue.get("more_info"),
    )


def _range(issue: Mapping[str, Any], lines: TextLines) -> Range:
    """Bandit counts lines from 1 and columns in UTF-8 bytes from 0; the end column belongs to the last line."""
    first = issue["line_number"] - 1
    last = max(first, max(issue["line_range"], default=0) - 1)
    start = lines.at_byte_column(first, issue["col_offset"])
    end = lines.at_byte_column(last, issue["end_col_offset"])
    return Range(start, end) if end > start else lines.without_indentation(first)
