"""The Go module around a file, for tools that read packages from disk and know no overlay.

`package_with` gives such a tool a folder in which the file has the text that is being judged. When that is what lies on
disk, it is the user's own folder. Otherwise it is in a copy of the module: real folders and files on the way to the
package, links to everything else. The user's files are never written. It does not know which tool will run.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from languages.linters.go_output import OFFLINE
from languages.linters.process import ToolOutput, find_program, run_tool

#: Files of a package above this size are data, which no tool here reads: they are linked, not copied.
_MAX_COPIED = 1_000_000
_LOCAL_REPLACEMENT = re.compile(r"(=>\s+)(\.\.?/\S*|\.\.?(?=\s|$))")


@dataclass(frozen=True, slots=True)
class GoPackage:
    """Where a tool runs, and the environment it needs there."""

    directory: Path
    environment: Mapping[str, str]


def module_root(path: Path) -> Path | None:
    """The folder of the `go.mod` that holds for `path`."""
    parents = Path(os.path.abspath(path)).parents
    return next((folder for folder in parents if (folder / "go.mod").is_file()), None)


def module_tool(path: Path, package: str) -> bool:
    """True when the module of `path` names `package` as one of its tools (`go get -tool`)."""
    root = module_root(path)
    if root is None:
        return False
    directive = rf"^\s*(?:tool\s+)?{re.escape(package)}\s*(?://.*)?$"
    return re.search(directive, (root / "go.mod").read_text("utf-8", "replace"), re.MULTILINE) is not None


def tool_command(name: str, package: str, path: Path) -> list[str | Path] | None:
    """How to start a Go tool for `path`: the version that its module names, else the one that is installed."""
    go = find_program("go")
    if go is not None and module_tool(path, package):
        return [go, "tool", name]
    program = installed_tool(name)
    return None if program is None or go is None else [program]


def installed_tool(name: str) -> Path | None:
    """The program on PATH, or where `go install` puts programs."""
    found = find_program(name)
    if found is not None:
        return found
    homes = (os.environ.get("GOBIN", ""), *(f"{home}/bin" for home in _go_paths()))
    installed = shutil.which(name, path=os.pathsep.join(home for home in homes if home))
    return None if installed is None else Path(installed)


@contextmanager
def package_with(path: Path, text: str) -> Iterator[GoPackage]:
    """The package of `path`, in which that file has the content `text`. Outside a module it is that file alone."""
    original = Path(os.path.abspath(path))
    root = module_root(original)
    if root is not None and _is_saved(original, text):
        yield GoPackage(original.parent.resolve(), _environment())
        return
    with tempfile.TemporaryDirectory(prefix="coder-go-") as temporary:
        folder = Path(temporary).resolve() / "module"
        environment = {"GO111MODULE": "off"}
        if root is None:
            folder.mkdir()
            package = folder
        else:
            environment = {"GOWORK": "off"}
            package = _copy(root, folder, original.parent.relative_to(root).parts)
            _make_replacements_absolute(folder / "go.mod", root)
        (package / original.name).write_bytes(text.encode("utf-8", "replace"))
        yield GoPackage(package, {**_environment(), **environment})


def leaves_out(package: GoPackage, name: str) -> bool:
    """True when build constraints keep the file `name` out of the package on this machine, so no tool judges it."""
    go = find_program("go")
    if go is None:
        return False
    listing = "{{range .IgnoredGoFiles}}{{println .}}{{end}}"
    output = run_tool(
        [go, "list", "-e", "-f", listing, "."], directory=package.directory, environment=package.environment
    )
    return isinstance(output, ToolOutput) and name in output.stdout.splitlines()


def _go_paths() -> list[str]:
    listed = os.environ.get("GOPATH") or os.path.expanduser("~/go")
    return [path for path in listed.split(os.pathsep) if path]


def _is_saved(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode("utf-8", "replace")
    except OSError:
        return False


def _environment() -> Mapping[str, str]:
    """Offline, and with the `go` that we found, which these tools start by name."""
    go = find_program("go")
    search = os.environ.get("PATH", os.defpath)
    return {**OFFLINE, "PATH": search if go is None else f"{go.parent}{os.pathsep}{search}"}


def _copy(source: Path, target: Path, way: Sequence[str]) -> Path:
    """`source` as `target`: the folders on the `way` to the package are real, those beside it links. The package."""
    target.mkdir()
    entries = [*os.scandir(source)] if source.is_dir() else []
    for entry in entries:
        if entry.is_file() and (not way or entry.name in ("go.mod", "go.sum")) and _is_small(entry):
            shutil.copyfile(entry.path, target / entry.name)
        elif not entry.name.startswith(".") and entry.name != next(iter(way), None):
            (target / entry.name).symlink_to(Path(entry.path).resolve())
    return _copy(source / way[0], target / way[0], way[1:]) if way else target


def _is_small(entry: os.DirEntry[str]) -> bool:
    return entry.name in ("go.mod", "go.sum") or entry.stat().st_size <= _MAX_COPIED


def _make_replacements_absolute(go_mod: Path, root: Path) -> None:
    """`replace a => ../b` means a folder beside the user's module, not beside its copy."""
    text = go_mod.read_text("utf-8", "replace")
    absolute = _LOCAL_REPLACEMENT.sub(lambda match: match[1] + str((root / match[2]).resolve()), text)
    go_mod.write_text(absolute, encoding="utf-8")
