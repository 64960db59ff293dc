"""Go's own compiler on files that stand alone, without linking: tens of milliseconds a file, all errors.

`go build` on many folders links each program and stops at the first folder it cannot load. Here the compiler itself
(https://pkg.go.dev/cmd/compile) is called once a file, with the export data of the standard packages that the files
import, which `go list` makes once and Go caches. Other imports are errors. Nothing of the code is run.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from languages.compilers.verdict import Depth, Verdict
from languages.finding import Finding
from languages.linters.go_output import OFFLINE, GoError, errors_of
from languages.linters.process import ToolFailure, find_program, run_tool
from languages.positions import TextLines

#: An import path of the standard library: no dot in its first element. `C` and `unsafe` have no export data.
_STANDARD = re.compile(
    r'(?:^|[;(])\s*(?:import\s+)?(?:[\w.]+\s+)?"(?!C"|unsafe")([a-z]\w*(?:/[\w/-]+)*)"', re.MULTILINE
)
#: How the compiler begins what is no matter of types.
_SYNTAX = ("syntax error", "invalid NUL", "invalid BOM", "invalid UTF-8", "invalid character")
_EXPORT = '{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{"\\n"}}{{end}}'
#: Building the standard packages that are needed happens once a machine and takes longer than compiling a file.
_FIRST_BUILD_SECONDS = 300.0
_EXPORTED = re.compile(r"=(.+)$", re.MULTILINE)
_MISSING = ToolFailure("missing", "go is not installed; install Go from https://go.dev/dl")


@dataclass(frozen=True, slots=True)
class GoCompiler:
    """The compiler of `program`, a `go` to use instead of the one that is found."""

    program: Path | None = None
    language: str = "go"

    def executable(self) -> Path | None:
        """The `go` that is used, or None when there is none."""
        return self.program or find_program("go")

    def identity(self) -> str:
        program = self.executable()
        return "none" if program is None else f"{program.resolve()} {program.stat().st_mtime_ns}"

    def verdicts(self, texts: Sequence[str], depth: Depth, *, timeout: float) -> list[Verdict]:
        program = self.executable()
        if program is None:
            return [Verdict(failure=_MISSING)] * len(texts)
        with tempfile.TemporaryDirectory(prefix="coder-go-") as name:
            folder = Path(name)
            command = _parser(program) if depth == "parse" else _compiler(program, folder, texts)
            if isinstance(command, ToolFailure):
                return [Verdict(failure=command)] * len(texts)

            def verdict(index: int) -> Verdict:
                return _verdict(command, depth, folder, index, texts[index], timeout)

            with ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2) as pool:
                return list(pool.map(verdict, range(len(texts))))


def standard_imports(texts: Iterable[str]) -> list[str]:
    """The standard packages that `texts` import, sorted. A string that looks like one costs time, nothing else."""
    return sorted({match for text in texts for match in _STANDARD.findall(text)})


def _parser(program: Path) -> list[str | Path] | ToolFailure:
    gofmt = program.with_name("gofmt")
    found = gofmt if gofmt.exists() else find_program("gofmt")
    return [found, "-e", "-l"] if found else ToolFailure("missing", "gofmt is not installed; install Go again")


class _UnusableError(Exception):
    """Go gave no answer; the only argument is the `ToolFailure`."""


def _compiler(program: Path, folder: Path, texts: Sequence[str]) -> list[str | Path] | ToolFailure:
    """The command to which a file is added, with the export data of what `texts` import written into `folder`."""
    changed = program.stat().st_mtime_ns if program.exists() else 0
    names = tuple(standard_imports(texts))
    try:
        where, listed = _compiler_program(program, changed), _exports(program, changed, names)
        # Go drops what nobody used for days from its cache; the list is then made again.
        if not all(map(os.path.exists, _EXPORTED.findall(listed))):
            _exports.cache_clear()
            listed = _exports(program, changed, names)
    except _UnusableError as error:
        failure: ToolFailure = error.args[0]
        return failure
    exports = folder / "exports"
    exports.write_text(listed, encoding="utf-8")
    return [where, "-e", "-c=1", "-importcfg", exports, "-p", "snippet"]


@lru_cache(maxsize=4)
def _compiler_program(program: Path, changed: int) -> str:
    """The compiler that `go` calls; `changed` is when `go` was, so that another one is asked again."""
    del changed
    where = run_tool([program, "tool", "-n", "compile"], environment=OFFLINE)
    if isinstance(where, ToolFailure):
        raise _UnusableError(where)
    if where.exit_code != 0:
        reason = f"go knows no compiler ({where.stderr.strip()[:200]}); install Go again"
        raise _UnusableError(ToolFailure("missing", reason))
    return where.stdout.strip()


@lru_cache(maxsize=256)
def _exports(program: Path, changed: int, names: tuple[str, ...]) -> str:
    """Where the export data of the packages `names` and of all below them lies, as the compiler reads it."""
    del changed
    if not names:
        return ""
    command: list[str | Path] = [program, "list", "-e", "-export", "-deps", "-f", _EXPORT, "--", *names]
    environment = {**OFFLINE, "GOFLAGS": "-mod=mod", "GOWORK": "off"}
    with tempfile.TemporaryDirectory(prefix="coder-go-") as folder:
        listed = run_tool(command, directory=Path(folder), environment=environment, timeout=_FIRST_BUILD_SECONDS)
    if isinstance(listed, ToolFailure):
        raise _UnusableError(listed)
    return listed.stdout


def _verdict(
    command: Sequence[str | Path], depth: Depth, folder: Path, index: int, text: str, timeout: float
) -> Verdict:
    file = folder / f"snippet{index}.go"
    file.write_bytes(text.encode("utf-8", "replace"))
    # The compiler deletes its output file when the code is broken, so that has to be one of ours: never /dev/null.
    output_file: list[str | Path] = ["-o", file.with_suffix(".o")] if depth == "compile" else []
    output = run_tool([*command, *output_file, file.name], directory=folder, environment=OFFLINE, timeout=timeout)
    if isinstance(output, ToolFailure):
        return Verdict(failure=output)
    errors = [*errors_of(f"{output.stdout}\n{output.stderr}")] if output.exit_code else []
    lines = TextLines(text)
    findings = tuple(_finding(error, depth, lines) for error in errors if Path(error.file).name == file.name)
    if output.exit_code != 0 and not findings:
        said = " ".join((output.stdout + output.stderr).split())[:300]
        return Verdict(failure=ToolFailure("crash", f"the Go compiler gave no verdict: {said}"))
    return Verdict(findings)


def _finding(error: GoError, depth: Depth, lines: TextLines) -> Finding:
    """gofmt finds nothing but errors of syntax, and does not say so; the compiler says so."""
    syntax = depth == "parse" or error.message.startswith(_SYNTAX)
    return Finding(
        path="snippet.go",
        range=lines.word_at(lines.at_byte_column(error.line, error.column)),
        check="syntax-error" if syntax else "compile",
        category="syntax" if syntax else "correctness",
        severity="error",
        message=error.message.removeprefix("syntax error: "),
        source="gofmt" if depth == "parse" else "go",
    )
