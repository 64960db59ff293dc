"""Elixir's compiler, in a VM that stays alive. Compiling runs macros and what stands outside of functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from languages.compilers.verdict import Depth, Verdict
from languages.linters.process import ToolFailure
from languages.workers.beam import BeamWorker, shared_beam
from languages.workers.elixir_code import compile_elixir, elixir_syntax_findings


@dataclass(frozen=True, slots=True)
class ElixirCompiler:
    """The compiler inside `worker`; give a worker that is locked in for code that is not the user's."""

    worker: BeamWorker = field(default_factory=shared_beam)
    language: str = "elixir"

    def identity(self) -> str:
        program = self.worker.executable()
        return "none" if program is None else f"{program.resolve()} {program.stat().st_mtime_ns}"

    def verdicts(self, texts: Sequence[str], depth: Depth, *, timeout: float) -> list[Verdict]:
        return [self._verdict(text, depth, timeout) for text in texts]

    def _verdict(self, text: str, depth: Depth, timeout: float) -> Verdict:
        if depth == "parse":
            findings = elixir_syntax_findings(self.worker, "snippet.ex", text, timeout=timeout)
        else:
            findings = compile_elixir(self.worker, {"snippet.ex": text}, timeout=timeout)
        return Verdict(failure=findings) if isinstance(findings, ToolFailure) else Verdict(findings)
