"""Findings as lines of text, `path:line:column: severity check message [source]`, which editors and people can jump to.

Lines and columns count from 1. On a terminal the parts are coloured; elsewhere the line is plain. Control characters in
a name or a message are shown, not obeyed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from languages.finding import Finding, Severity

_COLOURS: Mapping[Severity, str] = {"error": "bold red", "warning": "yellow", "info": "cyan", "hint": "dim"}


def print_findings(findings: Sequence[Finding]) -> None:
    """Print one line a finding on stdout."""
    if sys.stdout.isatty():
        _print_coloured(findings)
        return
    for finding in findings:
        print("".join(text for text, _ in parts(finding)))


def parts(finding: Finding) -> list[tuple[str, str]]:
    """The line of one finding as (text, rich style) pairs."""
    start = finding.range.start
    confidence = "" if finding.confidence >= 1.0 else f" {finding.confidence:.2f}"
    pairs = [
        (f"{finding.path}:{start.line + 1}:{start.character + 1}: ", "bold"),
        (f"{finding.severity} ", _COLOURS[finding.severity]),
        (f"{finding.check} ", "magenta"),
        (f"{finding.message} ", ""),
        (f"[{finding.source}{confidence}]", "dim"),
    ]
    return [(_visible(text), style) for text, style in pairs]


def _print_coloured(findings: Sequence[Finding]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        console.print(Text.assemble(*parts(finding)))


def _visible(text: str) -> str:
    """`text` on one line, with anything a terminal would act on written out."""
    joined = " ".join(text.splitlines()) if len(text.splitlines()) > 1 else text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in joined)
