"""`textDocument/hover` on a diagnostic: which check, what it says, who says it and how sure, and where to read
more.
"""

from __future__ import annotations

from collections.abc import Sequence

from languages.finding import Finding
from languages.linters.catalogue import CheckDescription, describe
from lsp.documents import Document

_TEACHERS = ("ruff", "bandit", "go vet")


def findings_at(findings: Sequence[Finding], document: Document, offset: int) -> list[Finding]:
    """The findings whose range holds the character at `offset`; an empty range holds its whole line."""
    position = document.code_point(offset)
    return [finding for finding in findings if _holds(finding, position.line, position.character)]


def markdown(findings: Sequence[Finding]) -> str:
    """One paragraph a finding. Asks the tools what their checks mean, so it may take a moment the first time."""
    return "\n\n---\n\n".join(map(_paragraph, findings))


def _holds(finding: Finding, line: int, character: int) -> bool:
    start, end = finding.range.start, finding.range.end
    if start == end:
        return line == start.line
    return (start.line, start.character) <= (line, character) <= (end.line, end.character)


def _paragraph(finding: Finding) -> str:
    meaning = _meaning(finding)
    name = f" {meaning.name}" if meaning is not None and meaning.name != finding.check else ""
    lines = [f"**{finding.check}**{name} · {_origin(finding)}", finding.message]
    if meaning is not None and meaning.summary:
        lines.append(f"*{meaning.summary}*")
    if finding.fix is not None:
        lines.append(f"Fix: {finding.fix.title}")
    url = finding.url or (meaning.url if meaning is not None else None)
    if url is not None:
        lines.append(f"[More about {finding.check}]({url})")
    return "\n\n".join(lines)


def _meaning(finding: Finding) -> CheckDescription | None:
    """What the tool says of its check; the model's checks are those of the tools that taught it."""
    tools = _TEACHERS if finding.source == "coder" else (finding.source,)
    found = (describe(f"{tool}:{finding.check}") for tool in tools)
    return next((description for description in found if description is not None), None)


def _origin(finding: Finding) -> str:
    """Who found it, of which kind it is, and how sure that is."""
    parts = [finding.source, finding.category, finding.severity]
    if finding.cwe is not None:
        parts.append(finding.cwe)
    if finding.confidence < 1.0:
        parts.append(f"{finding.confidence:.0%} sure")
    return " · ".join(parts)
