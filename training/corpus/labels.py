"""Labels by line: what ruff and bandit say of many files at once.

A label is "tool:check" and stands on the line where the finding starts, 0-based. Both tools run once over a temporary
copy, with our selection of rules alone, and `noqa` and `nosec` comments do not silence them. The adapters in
`languages/linters/` judge one file for a person; this file judges a corpus.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from languages.errors import CoderError

#: Path -> 0-based line -> sorted labels.
Labels = dict[str, dict[int, tuple[str, ...]]]
_FILES_A_CALL = 200


def python_labels(
    texts: Mapping[str, str], *, ruff: Sequence[str], ruff_ignore: Sequence[str] = (), bandit: bool = True
) -> Labels:
    """The labels of Python files, given as relative path -> text. Files without findings are in the result too."""
    found: dict[str, dict[int, set[str]]] = {path: defaultdict(set) for path in texts}
    with tempfile.TemporaryDirectory(prefix="coder-labels-") as folder:
        root = Path(folder).resolve()
        for path, text in texts.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        for path, line, label in _findings(root, list(texts), ruff, ruff_ignore, bandit):
            if path in found:
                found[path][line].add(label)
    return {path: {line: tuple(sorted(names)) for line, names in sorted(by.items())} for path, by in found.items()}


def tool_versions() -> dict[str, str]:
    """The versions of the tools that give labels."""
    return {tool: version(tool) for tool in ("ruff", "bandit")}


def _findings(
    root: Path, paths: list[str], ruff: Sequence[str], ignore: Sequence[str], bandit: bool
) -> Iterator[tuple[str, int, str]]:
    for start in range(0, len(paths), _FILES_A_CALL):
        chunk = paths[start : start + _FILES_A_CALL]
        if ruff:
            yield from _ruff(root, chunk, ruff, ignore)
        if bandit:
            yield from _bandit(root, chunk)


def _ruff(root: Path, paths: list[str], select: Sequence[str], ignore: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    flags = ["check", "--isolated", "--no-cache", "--ignore-noqa", "--output-format=json", "--quiet"]
    flags += [f"--select={','.join(select)}"]
    flags += [f"--ignore={','.join(ignore)}"] if ignore else []
    for item in json.loads(_run("ruff", [*flags, "--", *paths], root)):
        # A file that does not parse has findings without a rule; they are not labels.
        if item["code"] and item["code"] != "invalid-syntax":
            yield _relative(item["filename"], root), item["location"]["row"] - 1, f"ruff:{item['code']}"


def _bandit(root: Path, paths: list[str]) -> Iterator[tuple[str, int, str]]:
    report: dict[str, Any] = json.loads(_run("bandit", ["--format=json", "--quiet", "--ignore-nosec", *paths], root))
    for item in report["results"]:
        yield _relative(item["filename"], root), item["line_number"] - 1, f"bandit:{item['test_id']}"


def _relative(name: str, root: Path) -> str:
    path = Path(name)
    return (path.relative_to(root) if path.is_absolute() else path).as_posix()


def _run(tool: str, arguments: list[str], folder: Path) -> str:
    command = [sys.executable, "-m", tool, *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    # Both exit with 1 when they found something.
    if result.returncode not in (0, 1) or not result.stdout.strip():
        reason = (result.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise CoderError(
            f"{tool} could not label the corpus ({reason}); run: {Path(sys.executable).name} -m {tool} --help"
        )
    return result.stdout
