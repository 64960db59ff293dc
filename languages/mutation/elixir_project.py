"""Which files an Elixir project has, and how the VM that tests its mutants is started.

A folder with `mix.exs` is a Mix project: Mix compiles it, into a copy of its build folder. Any other folder is compiled
by the VM itself. Nothing is written into the project. It does not know what the VM is asked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from languages.mutation.options import Confine
from languages.workers import beam
from languages.workers.launching import Group

_SCRIPT = Path(beam.__file__).with_name("mutation.exs")
#: Code that runs once need not be fast: without these passes it is compiled in four fifths of the time.
_COMPILER = {"ERL_COMPILER_OPTIONS": "[no_copt,no_bool_opt,no_ssa_opt,no_type_opt,no_postopt]"}
_NOT_OURS = {"_build", "deps", "node_modules", ".git"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ElixirTests:
    """The test files that match `patterns`, in `folder`, a Mix project or a plain folder.

    Without patterns: `test/**/*_test.exs` of a Mix project, every `*_test.exs` of a plain folder. If there is a
    `test/test_helper.exs`, it is run first. Of an umbrella, give one application's folder.
    """

    folder: Path
    patterns: tuple[str, ...] = ()

    @property
    def is_mix(self) -> bool:
        """Whether Mix knows how to compile the folder."""
        return (self.folder / "mix.exs").is_file()

    def files(self) -> list[Path]:
        """The test files, in order of name."""
        patterns = self.patterns or (("test/**/*_test.exs",) if self.is_mix else ("**/*_test.exs",))
        return self._found(patterns)

    def sources(self) -> list[Path]:
        """What has to be compiled: nothing where Mix does it."""
        return [] if self.is_mix else self._found(("**/*.ex",))

    def dependants(self) -> list[Path]:
        """The files that may use another one while they are compiled."""
        return [*self._found(("**/*.ex",)), *self.files()]

    def helper(self) -> Path | None:
        """The script that is run before the tests."""
        path = self.folder / "test" / "test_helper.exs"
        return path.resolve() if path.is_file() else None

    def _found(self, patterns: Iterable[str]) -> list[Path]:
        found = {path for pattern in patterns for path in self.folder.glob(pattern) if path.is_file()}
        inside = (path for path in found if _NOT_OURS.isdisjoint(path.relative_to(self.folder).parts))
        return sorted(path.resolve() for path in inside)


@dataclass(frozen=True, slots=True)
class Launcher:
    """Starts the VM of `tests`; `scratch` holds what it compiles. A Mix project is compiled at the first start."""

    tests: ElixirTests
    scratch: Path
    confine: Confine

    @property
    def arguments(self) -> Sequence[str]:
        """What `elixir` runs: our script, in the project where Mix knows it."""
        return ("-S", "mix", "run", "--no-start", str(_SCRIPT)) if self.tests.is_mix else (str(_SCRIPT),)

    def __call__(self, command: Sequence[str], environment: Mapping[str, str]) -> Group:
        process = subprocess.Popen(
            self.confine(command, self.tests.folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.tests.folder,
            env={**_COMPILER, **os.environ, **environment, **self._mix()},
            start_new_session=True,
        )
        return Group(process)

    def _mix(self) -> Mapping[str, str]:
        if not self.tests.is_mix:
            return {}
        build = self.scratch / "build"
        if not build.exists():
            copy_build(self.tests.folder, build)
        return {"MIX_ENV": "test", "MIX_BUILD_PATH": str(build), "MIX_QUIET": "1"}


def copy_build(project: Path, build: Path) -> None:
    """What Mix has compiled for the tests of `project`, so that it need not compile its dependencies again."""
    build.mkdir(parents=True)
    for compiled in _builds(project):
        shutil.copytree(compiled, build, symlinks=True, dirs_exist_ok=True)
        for link in (path for path in build.rglob("*") if path.is_symlink()):
            target = (compiled / link.relative_to(build)).resolve()
            link.unlink()
            link.symlink_to(target)
        return


def _builds(project: Path) -> Iterator[Path]:
    """Of the project itself, or of the umbrella that it is in."""
    for root in (project, project.parent.parent):
        if (root / "mix.exs").is_file() and (root / "_build" / "test").is_dir():
            yield root / "_build" / "test"
