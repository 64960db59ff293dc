"""Go's standard packages, built once, so that a confined build does not begin with twenty seconds of compiling them.

Confined tests may not write the user's build cache, and what they write may not reach the next run. So each run gets a
copy of a cache that holds the standard library's packages and nothing else. It is filled in the sandbox too, where
paths and settings are those of the runs, from a program of our own that imports what the project imports. It does not
know the project's other dependencies: they are compiled in each run.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from languages.cache_directory import cache_directory
from languages.compilers.go import standard_imports
from languages.linters.go_output import OFFLINE
from languages.sandbox.limits import MIB, Limits
from languages.sandbox.run import run

#: What `go test` needs beside the imports of the code, coverage included.
_ALWAYS = ("testing", "os", "fmt")
#: Compiling the whole standard library takes minutes on a slow machine; what does not end is tried again another time.
_SECONDS = 300.0
_MAX_FILE = 2_000_000
_TESTS = '"$0" test -count=1 ./... && "$0" test -count=1 -coverprofile="$TMPDIR/cover" -coverpkg=./... ./...'


def put_standard_packages(into: Path, program: Path, project: Path, readable: Sequence[Path]) -> None:
    """Make `into` a build cache with the standard packages that Go files below `project` import.

    `program` is the `go` of the run, `readable` what it needs to see. Where they cannot be built, nothing is there and
    the run builds them itself. Raises `CoderError` where nothing can be confined.
    """
    kept = _folder_of(program)
    kept.mkdir(parents=True, exist_ok=True)
    wanted = {*_ALWAYS, *_standard_packages(program, project)}
    if not wanted <= _tried(kept):
        with _locked(kept, fcntl.LOCK_EX):
            names = wanted | _tried(kept)
            if names != _tried(kept):
                _build(kept / "cache", program, sorted(names), readable)
                (kept / "packages").write_text("\n".join(sorted(names)), encoding="utf-8")
    with _locked(kept, fcntl.LOCK_SH):
        if (kept / "cache").is_dir():
            shutil.copytree(kept / "cache", into, dirs_exist_ok=True)


def _folder_of(program: Path) -> Path:
    """One for each Go: an update brings other packages."""
    place = program.resolve()
    identity = hashlib.sha256(f"{place} {place.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    return cache_directory() / "go-builds" / identity


def _tried(kept: Path) -> set[str]:
    """The packages that were built, or that would not."""
    try:
        return set((kept / "packages").read_text(encoding="utf-8").split())
    except OSError:
        return set()


def _standard_packages(program: Path, project: Path) -> Iterator[str]:
    source = program.resolve().parents[1] / "src"
    for name in standard_imports(_texts(project)):
        hidden = {"internal", "vendor", "cmd"} & set(name.split("/"))
        if not hidden and any((source / name).glob("*.go")):
            yield name


def _texts(project: Path) -> Iterator[str]:
    for path in project.rglob("*.go"):
        if path.is_file() and path.stat().st_size < _MAX_FILE:
            yield path.read_text(encoding="utf-8", errors="replace")


def _build(cache: Path, program: Path, names: Iterable[str], readable: Sequence[Path]) -> None:
    """Test a module that imports `names`, with and without coverage."""
    imports = "".join(f'\t_ "{name}"\n' for name in names)
    files = {
        "go.mod": "module coder.invalid/warm\n\ngo 1.21\n",
        "warm.go": f"package warm\n\nimport (\n{imports})\n\nfunc Warm() int {{ return 1 }}\n",
        "warm_test.go": 'package warm\n\nimport "testing"\n\nfunc TestWarm(t *testing.T) { Warm() }\n',
    }
    cache.mkdir(exist_ok=True)
    run(
        ["sh", "-c", _TESTS, program],
        files=files,
        readable=readable,
        writable=cache,
        environment={**OFFLINE, "GOFLAGS": "-mod=mod", "GOCACHE": str(cache)},
        limits=Limits(seconds=_SECONDS, cpu_seconds=3600, memory_bytes=4096 * MIB, file_bytes=256 * MIB),
    )


@contextmanager
def _locked(kept: Path, how: int) -> Iterator[None]:
    """One process fills, or several copy."""
    with (kept / "lock").open("a") as file:
        fcntl.flock(file, how)
        yield
