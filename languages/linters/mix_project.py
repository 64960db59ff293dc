"""The Mix project around an Elixir file, and how to start a tool that it depends on.

Mix evaluates the project's `mix.exs` to run any task, as every Elixir editor does. It knows no tool's flags or output.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from languages.linters.process import ToolFailure, ToolOutput, find_program, run_tool
from languages.linters.ruff import one_line
from languages.workers.mix import MIX_WORKERS

#: Plain text, whatever the user's shell asks for.
PLAIN: Mapping[str, str] = {"NO_COLOR": "1", "TERM": "dumb"}


@dataclass(frozen=True, slots=True)
class MixTool:
    """How to start a tool for one file: the command, and the folder to start it in."""

    command: tuple[str | Path, ...]
    directory: Path

    def run(
        self, arguments: Sequence[str | Path], *, text: str = "", timeout: float = 30.0
    ) -> ToolOutput | ToolFailure:
        """Run the tool with `text` on stdin: a task of the project in a VM that stays, else a process of its own."""
        if len(self.command) > 1:
            output = MIX_WORKERS.run(self.directory, str(self.command[1]), arguments, text=text, timeout=timeout)
            if not isinstance(output, ToolFailure) or output.kind == "timeout":
                return output
        command = [*self.command, *arguments]
        return run_tool(command, text=text, directory=self.directory, environment=PLAIN, timeout=timeout)


def project_roots(path: Path) -> Iterator[Path]:
    """The folders above `path` with a `mix.exs`, nearest first: an application, then its umbrella."""
    parents = Path(os.path.abspath(path)).parents
    return (folder for folder in parents if (folder / "mix.exs").is_file())


def mix_tool(name: str, path: Path, program: Path | None = None) -> MixTool | None:
    """`program`, or the tool that the project of `path` depends on, or the escript of that name; None without any."""
    mix = find_program("mix")
    root = next((folder for folder in project_roots(path) if (folder / "deps" / name / "mix.exs").is_file()), None)
    if program is None and mix is not None and root is not None:
        return MixTool((mix, name), root)
    found = program or escript(name)
    folders = (*project_roots(path), *(parent for parent in Path(os.path.abspath(path)).parents if parent.is_dir()))
    return None if found is None else MixTool((found,), folders[0])


def escript(name: str) -> Path | None:
    """The program on PATH, or where `mix escript.install` puts programs."""
    installed = shutil.which(name, path=os.path.expanduser("~/.mix/escripts"))
    return find_program(name) or (Path(installed) if installed else None)


def complaint(output: ToolOutput) -> str:
    """What a Mix task or an escript said on failing, on one line: Elixir's own error when there is one."""
    said = output.stderr.strip() or output.stdout
    return one_line(next((line for line in said.splitlines() if line.startswith("** (")), said))


def json_in(output: ToolOutput) -> str | None:
    """The JSON object that a Mix task printed, which may follow lines of compilation; None when there is none."""
    start = 0 if output.stdout.startswith("{") else output.stdout.find("\n{") + 1
    return output.stdout[start:] if output.stdout[start : start + 1] == "{" else None
