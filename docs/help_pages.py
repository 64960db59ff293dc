"""Writes docs/COMMANDS.md from the programs' own help; `--check` says whether the page is fresh (exit 1 when not).

python docs/help_pages.py [--check]
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import typer
from typer.main import get_command
from typer.testing import CliRunner

PAGE = Path(__file__).with_name("COMMANDS.md")
PROGRAMS = {
    "coder": "inference.cli.app",
    "coder-serve": "server.cli",
    "coder-lsp": "lsp.cli",
    "coder-train": "training.cli",
    "coder-export": "export.cli",
}
TITLE = "# Commands\n\nThe programs' own help, written by `make docs`.\n"


def page() -> str:
    """The text of docs/COMMANDS.md."""
    sections = [TITLE]
    for program, module in PROGRAMS.items():
        app: typer.Typer = importlib.import_module(module).app
        sections += [section(app, program, words) for words in command_lines(app)]
    return "\n".join(sections)


def command_lines(app: typer.Typer) -> list[list[str]]:
    """The words of every command and sub-command of `app`, the empty list first."""
    found: list[list[str]] = [[]]
    groups = [([], get_command(app))]
    while groups:
        words, group = groups.pop(0)
        for name, command in getattr(group, "commands", {}).items():
            found.append([*words, name])
            groups.append(([*words, name], command))
    return found


def section(app: typer.Typer, program: str, words: list[str]) -> str:
    """One command's help as a Markdown section."""
    os.environ["COLUMNS"] = "100"
    result = CliRunner().invoke(app, [*words, "--help"], prog_name=program)
    if result.exit_code != 0:
        raise SystemExit(f"{program} {' '.join(words)} --help exits with {result.exit_code}")
    text = "\n".join(line.rstrip() for line in result.output.strip().splitlines())
    return f"## {' '.join([program, *words])}\n\n```\n{text}\n```\n"


def main() -> None:
    fresh = page()
    if "--check" in sys.argv[1:]:
        sys.exit(PAGE.read_text() != fresh)
    PAGE.write_text(fresh)


if __name__ == "__main__":
    main()
