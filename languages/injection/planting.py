"""Plant a violation into clean code: what an injector is, and what it leaves behind.

An injector knows one violation, under the id of the tool that finds it, and every place of a text where it fits; a
place is chosen by a seed. The result must still parse. `verification.py` asks the checker whether it finds what was
planted; this file does not know the checkers. Families of injectors lie beside it, one file each, and
`catalogue.py` lists them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from languages.syntax import GrammarName, syntax_findings

#: The tool that must find a planted violation; "coder-rules" would find it under the same id where the tool is absent.
ToolName = Literal["ruff", "bandit", "credo", "sobelow", "gosec", "go vet"]


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters `start` up to `end` by `text`; `at` characters into `text` begins the violation."""

    start: int
    end: int
    text: str
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A pair of texts that differ in one violation of `check`, on the 0-based `line` of `violating`.

    `file` is the name that they need, as a path in a project, where the checker looks at files of that name alone.
    """

    language: GrammarName
    clean: str
    violating: str
    check: str
    tool: ToolName
    cwe: str | None
    line: int
    file: str = ""


class Injector(Protocol):
    """One violation. `check` is the id of `tool`; `cwe` is like "CWE-89", None for matters of style."""

    @property
    def language(self) -> GrammarName:
        """The language of the texts that it takes."""

    @property
    def tool(self) -> ToolName:
        """Who finds the violation."""

    @property
    def check(self) -> str:
        """The tool's id of the violation."""

    @property
    def cwe(self) -> str | None:
        """The weakness, where the violation is one."""

    @property
    def file(self) -> str:
        """The name of the only file that is checked for it, like "config/prod.exs"; "" where any will do."""

    def places(self, text: str) -> Iterable[Edit]:
        """Every edit that plants the violation into `text`, which parses; none when it fits nowhere."""


def plant(injector: Injector, text: str, *, seed: int = 0) -> Planted | None:
    """`text` with the violation at a place that `seed` chooses; None where it fits nowhere or would not parse.

    `text` must parse. The same arguments give the same result on every machine.
    """
    places = sorted(injector.places(text), key=lambda edit: (edit.start, edit.end, edit.text))
    random.Random(seed).shuffle(places)
    for edit in places:
        violating = text[: edit.start] + edit.text + text[edit.end :]
        if violating != text and not syntax_findings(injector.language, "planted", violating):
            return _planted(injector, text, violating, edit.start + edit.at)
    return None


def _planted(injector: Injector, clean: str, violating: str, offset: int) -> Planted:
    return Planted(
        language=injector.language,
        clean=clean,
        violating=violating,
        check=injector.check,
        tool=injector.tool,
        cwe=injector.cwe,
        line=violating.count("\n", 0, offset),
        file=injector.file,
    )
