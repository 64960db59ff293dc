"""Check files: the syntax tree, every linter of the language, and the model, each in its own thread.

What one of them cannot say is in the report as a failure; the others go on. It does not know how reports are shown.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from inference.assistant.judge import judge
from inference.engine.engine import Engine
from languages.errors import CoderError
from languages.finding import Finding
from languages.language import Language
from languages.linters.linter import Linter, LinterFailure, LintReport
from languages.registry import LANGUAGES, companion_of, language_of
from languages.source import read_source

#: Folders in a directory that hold other people's code, or built code.
SKIPPED_FOLDERS = frozenset({"_build", "deps", "node_modules", "vendor", "__pycache__"})
#: Files that are checked at once.
_FILES_AT_ONCE = min(4, os.cpu_count() or 1)
#: Tools that parse a whole file by the language's own grammar: where one gave a verdict, tree-sitter's is not needed.
_PARSERS = frozenset({"ruff", "gofmt", "elixir"})


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was found in one file, in order of place; which tools gave no verdict; `error` when it could not be read."""

    path: str
    findings: tuple[Finding, ...] = ()
    failures: tuple[LinterFailure, ...] = ()
    error: CoderError | None = None


def check_text(path: str | Path, text: str, engine: Engine | None = None) -> CheckReport:
    """Check `text` as the content of `path`, which need not exist; with an `engine`, also by the model's judgement.

    A file that is judged with a language without being in it (a template, `mix.lock`) gets linters alone.
    Raises `CoderError` with code `unknown_language` for a file that is neither.
    """
    language, tools = _judges(path)
    if not text:
        return CheckReport(str(path))
    # Lone surrogates, which JSON can carry, have no UTF-8 form.
    sound = text.encode("utf-8", "replace").decode()
    with ThreadPoolExecutor(max_workers=len(tools) + 1, thread_name_prefix="check") as pool:
        model = pool.submit(_model_report, engine if language is not None else None, str(path), sound)
        linters = {linter.name: pool.submit(_lint, linter, Path(path), sound) for linter in tools}
        syntax = language.syntax_findings(str(path), sound) if language is not None else []
        reports = {name: future.result() for name, future in linters.items()} | {"coder": model.result()}
    findings = [*_syntax_if_needed(syntax, reports), *(f for report in reports.values() for f in report.findings)]
    failures = tuple(report.failure for report in reports.values() if report.failure is not None)
    return CheckReport(str(path), tuple(sorted(_told_once(findings), key=_place)), failures)


def _judges(path: str | Path) -> tuple[Language | None, Sequence[Linter]]:
    """The language that a file is in, if it is in one, and the linters that judge it."""
    language, companion = language_of(path), companion_of(path)
    if language is not None:
        return language, language.linters
    if companion is not None:
        return None, companion.companion_linters
    raise _unknown_language(path)


def check_paths(paths: Iterable[str | Path], engine: Engine | None = None) -> Iterator[CheckReport]:
    """Check files and whole directories, one report a file, in order. A file that cannot be read has `error` set."""
    return check_files(expand(paths), engine)


def check_files(files: Iterable[Path], engine: Engine | None = None) -> Iterator[CheckReport]:
    """As `check_paths`, for files alone."""
    with ThreadPoolExecutor(max_workers=_FILES_AT_ONCE, thread_name_prefix="file") as pool:
        yield from _in_order(pool, lambda file: _check_file(file, engine), files)


def expand(paths: Iterable[str | Path]) -> list[Path]:
    """The files to check: each given file, and of each directory those in our languages, without duplicates.

    Hidden folders, virtual environments and `SKIPPED_FOLDERS` inside a directory are left out.
    """
    files = (file for path in paths for file in (_files_in(Path(path)) if Path(path).is_dir() else [Path(path)]))
    return list(dict.fromkeys(files))


def _files_in(directory: Path) -> Iterator[Path]:
    for folder, subfolders, names in os.walk(directory):
        subfolders[:] = sorted(name for name in subfolders if not _is_skipped(Path(folder, name)))
        yield from (Path(folder, name) for name in sorted(names) if _is_checked(name))


def _is_skipped(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in SKIPPED_FOLDERS or (folder / "pyvenv.cfg").is_file()


def _is_checked(path: str | Path) -> bool:
    return language_of(path) is not None or companion_of(path) is not None


def _check_file(file: Path, engine: Engine | None) -> CheckReport:
    try:
        if not _is_checked(file) and file.is_file():
            raise _unknown_language(file)
        return check_text(file, read_source(file).text, engine)
    except CoderError as error:
        return CheckReport(str(file), error=error)


def _in_order(
    pool: ThreadPoolExecutor, check: Callable[[Path], CheckReport], files: Iterable[Path]
) -> Iterator[CheckReport]:
    """Like `pool.map`, but only a few files ahead of the reader, so that a reader who leaves stops the work."""
    ahead: deque[Future[CheckReport]] = deque()
    for file in files:
        ahead.append(pool.submit(check, file))
        if len(ahead) > _FILES_AT_ONCE:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


def _lint(linter: Linter, path: Path, text: str) -> LintReport:
    return linter.lint(path, text)


def _model_report(engine: Engine | None, path: str, text: str) -> LintReport:
    if engine is None:
        return LintReport()
    try:
        return LintReport(tuple(judge(engine, path, text)))
    except CoderError as error:
        return LintReport(failure=LinterFailure("coder", error.message))


def _syntax_if_needed(syntax: Sequence[Finding], reports: dict[str, LintReport]) -> Sequence[Finding]:
    """tree-sitter's findings, unless the language's own parser gave a verdict: that one is exact, and newer."""
    parsed = any(name in _PARSERS and _is_verdict(report) for name, report in reports.items())
    return () if parsed else syntax


def _is_verdict(report: LintReport) -> bool:
    return report.failure is None and report.skipped is None


def _told_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Leave out what `go vet` says of a line that does not parse: it repeats gofmt's syntax error there."""
    every = list(findings)
    broken = {finding.range.start.line for finding in every if finding.category == "syntax"}
    for finding in every:
        if not (finding.check == "compile" and finding.range.start.line in broken):
            yield finding


def _place(finding: Finding) -> tuple[object, ...]:
    return (finding.range, finding.source, finding.check, finding.message)


def _unknown_language(path: str | Path) -> CoderError:
    suffixes = " ".join(suffix for language in LANGUAGES for suffix in (*language.suffixes, *language.companions))
    return CoderError(
        f"{path} is in no language that Coder checks; give a file ending in {suffixes}", code="unknown_language"
    )
