"""A linter, a language and a model that say what a test tells them to say."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from inference.assistant import check
from inference.engine.scripted import ScriptedEngine
from inference.heads import Head
from languages.finding import Finding
from languages.linters.linter import Linter, LintReport
from tasks.tokens import Control, ControlIds


@dataclass(frozen=True)
class Says:
    """A linter that says `report` after `delay` seconds."""

    name: str
    report: LintReport
    delay: float = 0.0

    def executable(self) -> Path | None:
        return None

    def lint(self, path: Path, text: str, *, timeout: float = 30.0) -> LintReport:
        time.sleep(self.delay)
        return self.report


@dataclass(frozen=True)
class Toy:
    """A language whose syntax findings and linters a test chooses."""

    linters: tuple[Linter, ...] = ()
    syntax: list[Finding] = field(default_factory=list)
    name: str = "python"
    suffixes: tuple[str, ...] = (".py",)
    line_comment: str = "#"

    def syntax_findings(self, path: str, text: str) -> list[Finding]:
        return self.syntax


def use(monkeypatch: pytest.MonkeyPatch, language: Toy) -> None:
    monkeypatch.setattr(check, "language_of", lambda path: language if str(path).endswith(".py") else None)


def judge_of_newlines(label: str) -> ScriptedEngine:
    """A model that finds `label` on every line: the scripted hidden state of a newline has axis 2 set."""
    weight = np.zeros((1, 8), dtype=np.float32)
    weight[0, 2] = 9
    one = np.ones(1, dtype=np.float32)
    head = Head("quality", (label,), weight, 0 * one, one, 0.9 * one)
    return ScriptedEngine().with_heads({"quality": head}, ControlIds({Control.JUDGE: 300}))
