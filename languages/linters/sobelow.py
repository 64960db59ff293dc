"""Sobelow: security checks for Phoenix applications (https://hexdocs.pm/sobelow).

It reads a whole project from disk. For a text that is not saved, it gets a copy of the project: real folders, links to
the files, and the text in the place of one. `--strict` makes it refuse code that does not parse, which it would skip in
silence; `--private` keeps it off the network; `--skip` honours the marks that the project's people set. It has a
confidence and no severity; the CWE is our mapping. It prints lines, no columns, and absolute paths without their first
slash.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from languages.finding import Finding, Severity
from languages.linters.check_table import checks_of
from languages.linters.linter import LinterFailure, LintReport
from languages.linters.mix_project import complaint, json_in, mix_tool, project_roots
from languages.linters.process import ToolFailure, ToolOutput
from languages.positions import TextLines

_FLAGS = ("--format", "json", "--private", "--skip", "--strict")
#: How `--strict` ends at code that does not parse; with newer versions of Elixir it crashes in its parser instead.
_BROKEN_CODE = 2
#: The folders of a project that Sobelow reads.
_READ = ("lib", "web", "config")
#: Sobelow's own levels: how sure it is, as the probability and the severity of a `Finding`.
_LEVELS: Mapping[str, tuple[float, Severity]] = {
    "high_confidence": (0.9, "error"),
    "medium_confidence": (0.6, "warning"),
    "low_confidence": (0.3, "info"),
}


@dataclass(frozen=True, slots=True)
class Sobelow:
    """The adapter; `program` is a Sobelow to use instead of the one that is found."""

    program: Path | None = None
    name: str = "sobelow"

    def executable(self) -> Path | None:
        """The Sobelow escript, or the `mix` that runs Sobelow for the project of the current folder."""
        tool = mix_tool("sobelow", Path("mix.exs"), self.program)
        return None if tool is None else Path(tool.command[0])

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        original = Path(os.path.abspath(path))
        root = next(project_roots(original), None)
        if root is None or original.relative_to(root).parts[0] not in _READ:
            return LintReport(skipped="sobelow judges lib/, web/ and config/ of Mix projects, and this file is in none")
        tool = mix_tool("sobelow", path, self.program)
        if tool is None:
            return LintReport(skipped='sobelow is not in the project; add {:sobelow, "~> 0.13"} to its mix.exs')
        with _project_with(root, original, text) as project:
            output = tool.run(["--root", project, *_FLAGS], timeout=timeout)
            if isinstance(output, ToolFailure):
                return self._failed(output.reason)
            try:
                return self._report(output, project / original.relative_to(root), project, path, text)
            except ValueError as error:
                return self._failed(f"sobelow printed something that is not its JSON report ({error}); update sobelow")

    def _report(self, output: ToolOutput, judged: Path, project: Path, path: Path, text: str) -> LintReport:
        report = json_in(output)
        if output.exit_code == _BROKEN_CODE or (report is None and "Sobelow.Parse" in output.stderr):
            return self._failed(
                "sobelow met code that does not parse, so it judged nothing; mend the syntax of lib/ first"
            )
        if report is None or output.exit_code not in (0, 1):
            return self._failed(f"sobelow gave no verdict (exit code {output.exit_code}): {complaint(output)}")
        return LintReport(findings_of(report, judged, project, str(path), text))

    def _failed(self, reason: str) -> LintReport:
        return LintReport(failure=LinterFailure(self.name, reason))


def findings_of(report: str, judged: Path, project: Path, path: str, text: str) -> tuple[Finding, ...]:
    """The findings on the file `judged` of `project` in Sobelow's JSON, as findings on `path` with the content `text`.

    Raises `ValueError` when it is not such a report, or not the whole of one.
    """
    lines = TextLines(text)
    try:
        content = json.loads(report)
        every = [(level, entry) for level in _LEVELS for entry in content["findings"][level]]
        if len(every) != content["total_findings"]:
            raise ValueError(f"it counts {content['total_findings']} findings and has {len(every)}")
        ours = [(level, entry) for level, entry in every if _is_about(entry["file"], judged, project)]
        return tuple(_finding(level, entry, path, lines) for level, entry in ours)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"unexpected shape: {error!r}") from error


def _is_about(printed: str, judged: Path, project: Path) -> bool:
    """True when a printed path means the file `judged`: below the project, or absolute without the first slash."""
    return os.path.normpath(project / printed) == str(judged) or os.path.normpath("/" + printed) == str(judged)


@contextmanager
def _project_with(root: Path, original: Path, text: str) -> Iterator[Path]:
    """The project at `root`, in which the file `original` has the content `text`."""
    data = text.encode("utf-8", "replace")
    if original.is_file() and original.read_bytes() == data:
        yield root
        return
    with tempfile.TemporaryDirectory(prefix="coder-sobelow-") as temporary:
        project = Path(temporary).resolve() / root.name
        for folder in _READ:
            if (root / folder).is_dir():
                shutil.copytree(root / folder, project / folder, copy_function=_link, ignore_dangling_symlinks=True)
        for file in (entry for entry in root.iterdir() if entry.is_file()):
            _link(str(file), str(project / file.name))
        judged = project / original.relative_to(root)
        judged.parent.mkdir(parents=True, exist_ok=True)
        judged.unlink(missing_ok=True)
        judged.write_bytes(data)
        yield project


def _link(source: str, target: str) -> None:
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    os.symlink(os.path.abspath(source), target)


def _finding(level: str, entry: Mapping[str, Any], path: str, lines: TextLines) -> Finding:
    check, _, title = entry["type"].partition(": ")
    known = checks_of("sobelow").get(check)
    confidence, severity = _LEVELS[level]
    return Finding(
        path=path,
        # A finding about the whole file is on line 0.
        range=lines.without_indentation(max(0, entry["line"] - 1)),
        check=check,
        category="security",
        severity=severity,
        message=_message(title or check, entry),
        source="sobelow",
        confidence=confidence,
        cwe=known.cwe if known else None,
        url=known.url if known else None,
    )


def _message(title: str, entry: Mapping[str, Any]) -> str:
    """ "XSS in `send_resp` (variable: name)": what it is, and which variable, key, pipeline or route."""
    details = [f"{word}: {entry[word]}" for word in ("variable", "key", "pipeline", "route") if entry.get(word)]
    return f"{title} ({', '.join(details)})" if details else title
