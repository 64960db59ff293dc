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
from pathlib import Path

from languages.compilers.verdict import Depth, Verdict
from languages.finding import Finding
from languages.linters.go_output import OFFLINE, GoError, errors_of
from languages.linters.process import ToolFailure, ToolOutput, find_program, run_tool
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


def _compiler(program: Path, folder: Path, texts: Sequence[str]) -> list[str | Path] | ToolFailure:
    """The command to which a file is added, with the export data of what `texts` import written into `folder`."""
    where = run_tool([program, "tool", "-n", "compile"], environment=OFFLINE)
    if isinstance(where, ToolFailure) or where.exit_code != 0:
        return _not_found(where)
    exports = folder / "exports"
    exports.touch()
    if names := standard_imports(texts):
        command: list[str | Path] = [program, "list", "-e", "-export", "-deps", "-f", _EXPORT, "--", *names]
        environment = {**OFFLINE, "GOFLAGS": "-mod=mod", "GOWORK": "off"}
        listed = run_tool(command, directory=folder, environment=environment, timeout=_FIRST_BUILD_SECONDS)
        if isinstance(listed, ToolFailure):
            return listed
        exports.write_text(listed.stdout, encoding="utf-8")
    return [where.stdout.strip(), "-e", "-c=1", "-importcfg", exports, "-p", "snippet"]


def _not_found(where: ToolOutput | ToolFailure) -> ToolFailure:
    if isinstance(where, ToolFailure):
        return where
    return ToolFailure("missing", f"go knows no compiler ({where.stderr.strip()[:200]}); install Go again")


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
