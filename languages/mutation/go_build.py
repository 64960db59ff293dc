"""Build the test binaries of a Go module in which one file has mutants, without writing into the module.

`go`'s overlay puts files of ours in place of the user's (https://pkg.go.dev/cmd/go, `-overlay`). Go does not compile
what does not type-check, and only the compiler knows: the mutants that its errors point at are taken out, and the rest
is built again. It does not run what it builds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from languages.errors import CoderError
from languages.linters.go_output import OFFLINE, GoError, errors_of
from languages.linters.process import ToolFailure, ToolOutput, run_tool
from languages.mutation.go_schemata import Instrumenter, Schemata, runtime_source
from languages.mutation.options import Numbered
from languages.syntax import parse

_TEST = re.compile(r"^func ((?:Test|Fuzz|Example)\w*)\(", re.MULTILINE)
_VISIBLE = re.compile(r"\S")
_FIELDS = "Dir,ImportPath,Name,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,Error"
_MUTATED_NAME = "mutated.go"
_RUNTIME_NAME = "coder_mutants.go"


@dataclass(frozen=True, slots=True, eq=False)
class GoFolder:
    """One package as `go list` sees it; `test_files` by the name of the test, relative to the tests' folder."""

    directory: Path
    import_path: str
    name: str
    files: frozenset[str]
    left_out: frozenset[str]
    test_files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GoTarget:
    """The `file` of the `package` that gets mutants, and the packages whose tests are to run."""

    file: Path
    package: GoFolder
    tested: Sequence[GoFolder]


@dataclass(frozen=True, slots=True)
class GoBinary:
    """The tests of one package, built."""

    path: Path
    package: GoFolder


@dataclass(frozen=True, slots=True)
class Built:
    """`broken` are the mutants that are not in the binaries, with what the compiler says of them."""

    binaries: tuple[GoBinary, ...]
    broken: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class GoBuild:
    """`go` in `folder`, with build `flags`; `scratch` is where everything is written, `timeout` is in seconds."""

    go: Path
    folder: Path
    flags: tuple[str, ...]
    scratch: Path
    timeout: float

    def packages(self, patterns: Sequence[str]) -> list[GoFolder]:
        """The packages that `patterns` name; raises `CoderError` (`does_not_build`) when `go` cannot list them."""
        output = self._run("list", "-e", f"-json={_FIELDS}", *self.flags, "--", *patterns)
        if output.exit_code != 0:
            raise does_not_build(output.stderr)
        listed = list(_documents(output.stdout))
        for package in listed:
            if package.get("Error") and not package.get("IgnoredGoFiles"):
                raise does_not_build(package["Error"]["Err"])
        return [self._folder(package) for package in listed]

    def build(self, target: GoTarget, text: Instrumenter, mutants: Sequence[Numbered]) -> Built:
        """Binaries of the tests, with these mutants in the file, whose source is `text`.

        Raises `CoderError` (`does_not_build`) when the package does not compile without any mutant.
        """
        broken: dict[int, str] = {}
        while True:
            left = [numbered for numbered in mutants if numbered[0] not in broken]
            schemata = text.schemata(left)
            binaries, failure = self._compile(target, schemata)
            if failure is None:
                return Built(tuple(binaries), broken)
            broken |= _culprits(schemata, errors_of(failure)) or self._all_broken(target, text, left)

    def _all_broken(self, target: GoTarget, text: Instrumenter, mutants: Sequence[Numbered]) -> dict[int, str]:
        """For errors that point at no mutant: all are broken, unless the package itself is."""
        _, failure = self._compile(target, text.schemata([]))
        if failure is not None:
            raise does_not_build(failure.replace(str(self.scratch / _MUTATED_NAME), str(target.file)))
        return dict.fromkeys((number for number, _ in mutants), "the package does not build with it")

    def _compile(self, target: GoTarget, schemata: Schemata) -> tuple[list[GoBinary], str | None]:
        """The binaries, or what the compiler says."""
        mutated, runtime, overlay = (self.scratch / name for name in (_MUTATED_NAME, "runtime.go", "overlay.json"))
        mutated.write_bytes(schemata.source)
        runtime.write_text(runtime_source(target.package.name), encoding="utf-8")
        replaced = {target.file.name: mutated, _RUNTIME_NAME: runtime}
        files = {str(target.package.directory / name): str(file) for name, file in replaced.items()}
        overlay.write_text(json.dumps({"Replace": files}), encoding="utf-8")
        every_error = f"-gcflags={target.package.import_path}=-e"
        binaries = [GoBinary(self.scratch / f"{number}.test", folder) for number, folder in enumerate(target.tested)]
        for binary in binaries:
            output = self._run(
                "test", "-c", "-vet=off", "-ldflags=-s -w", every_error, "-overlay", str(overlay), *self.flags,
                "-o", str(binary.path), "--", binary.package.import_path,
            )  # fmt: skip
            if output.exit_code != 0:
                return [], output.stdout + output.stderr
        return [binary for binary in binaries if binary.path.exists()], None

    def _run(self, *arguments: str) -> ToolOutput:
        output = run_tool([self.go, *arguments], directory=self.folder, environment=OFFLINE, timeout=self.timeout)
        if isinstance(output, ToolFailure):
            raise CoderError(output.reason, code="no_go" if output.kind == "missing" else "does_not_build")
        return output

    def _folder(self, package: Mapping[str, Any]) -> GoFolder:
        directory = Path(package["Dir"])
        tests: dict[str, str] = {}
        for name in [*package.get("TestGoFiles", ()), *package.get("XTestGoFiles", ())]:
            file = directory / name
            shown = file.relative_to(root) if file.is_relative_to(root := self.folder.resolve()) else file
            for test in _TEST.findall(file.read_text("utf-8", "replace")):
                tests.setdefault(test, shown.as_posix())
        files, left_out = (frozenset(package.get(key, ())) for key in ("GoFiles", "IgnoredGoFiles"))
        return GoFolder(directory, package["ImportPath"], package.get("Name", ""), files, left_out, tests)


def does_not_build(said: str) -> CoderError:
    """What the user is told when it is not a mutant's fault."""
    error = next(errors_of(said), None)
    place = f"{error.file}:{error.line + 1}: {error.message}" if error else " ".join(said.split())[:300]
    return CoderError(f"the package does not build ({place}); mend that first", code="does_not_build")


def _documents(text: str) -> list[dict[str, Any]]:
    """The JSON objects that stand one after another in `text`."""
    decoder, found, position = json.JSONDecoder(), [], 0
    while start := _VISIBLE.search(text, position):
        value, position = decoder.raw_decode(text, start.start())
        found.append(value)
    return found


def _culprits(schemata: Schemata, said: Iterable[GoError]) -> dict[int, str]:
    """The mutants at which errors point, with the first error of each; else those that share a declaration with one."""
    errors = [error for error in said if Path(error.file).name == _MUTATED_NAME]
    found: dict[int, str] = {}
    for error in errors:
        number = schemata.mutant_at(error.line)
        if number is not None:
            found.setdefault(number, _sentence(error))
    if found:
        return found
    declarations = parse("go", schemata.source).root_node.children
    for error in errors:
        around = [node for node in declarations if node.start_point.row <= error.line <= node.end_point.row]
        for start, _, number in schemata.places:
            if any(node.start_point.row <= start <= node.end_point.row for node in around):
                found.setdefault(number, _sentence(error))
    return found


def _sentence(error: GoError) -> str:
    """The message without what the compiler says of other places, which are in a file that is gone."""
    return error.message.partition("\n")[0].partition(f" {error.file}:")[0]
