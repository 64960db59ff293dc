"""`Verdict`: what a compiler says of one snippet, and `Compiler`, the protocol behind which the compilers differ.

A snippet is the text of one file that stands alone. How deep to look is a choice: `parse` is cheap and runs nothing;
`compile` needs the standard library, and for Elixir runs the code's macros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from languages.finding import Finding
from languages.linters.process import ToolFailure

Depth = Literal["parse", "compile"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`findings` are errors and warnings; with a `failure` there is no verdict: it says nothing of the snippet."""

    findings: tuple[Finding, ...] = ()
    failure: ToolFailure | None = None

    @property
    def parses(self) -> bool:
        """No error of syntax was found, and there was a verdict."""
        return self.failure is None and not any(finding.check == "syntax-error" for finding in self.findings)

    @property
    def passes(self) -> bool:
        """No error was found at the depth that was asked for, and there was a verdict."""
        return self.failure is None and not any(finding.severity == "error" for finding in self.findings)


class Compiler(Protocol):
    """One language's compiler."""

    @property
    def language(self) -> str:
        """The name of the language ("go")."""

    def identity(self) -> str:
        """Changes when the program does, so that an old verdict is not taken for a new one."""

    def verdicts(self, texts: Sequence[str], depth: Depth, *, timeout: float) -> list[Verdict]:
        """One verdict a text, in order; `timeout` in seconds is for one text. Never raises for broken code."""
