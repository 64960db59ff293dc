"""Elixir's compiler, in VMs that stay alive. Compiling runs macros and module bodies, so it is confined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from languages.compilers.verdict import Depth, Verdict
from languages.linters.process import ToolFailure
from languages.workers.beam import BeamWorker, confined_beam, parsing_beam
from languages.workers.elixir_code import compile_elixir, elixir_syntax_findings


@dataclass(frozen=True, slots=True)
class ElixirCompiler:
    """The compiler: `parser` gives the VM that only parses, `compiler` the one in which code runs.

    Where nothing can be confined, compiling is a failure; `compiler=shared_beam` is for code that one trusts.
    """

    parser: Callable[[], BeamWorker] = parsing_beam
    compiler: Callable[[], BeamWorker] = confined_beam
    language: str = "elixir"

    def identity(self) -> str:
        program = self.parser().executable()
        return "none" if program is None else f"{program.resolve()} {program.stat().st_mtime_ns}"

    def verdicts(self, texts: Sequence[str], depth: Depth, *, timeout: float) -> list[Verdict]:
        return [self._verdict(text, depth, timeout) for text in texts]

    def _verdict(self, text: str, depth: Depth, timeout: float) -> Verdict:
        if depth == "parse":
            findings = elixir_syntax_findings(self.parser(), "snippet.ex", text, timeout=timeout)
        else:
            findings = compile_elixir(self.compiler(), {"snippet.ex": text}, timeout=timeout)
        return Verdict(failure=findings) if isinstance(findings, ToolFailure) else Verdict(findings)
