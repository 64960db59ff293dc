"""Findings as a SARIF 2.1.0 log, for code-scanning sites and editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. One run a tool, since a run has one driver. Regions
count lines and columns from 1, columns in code points, the end column just after the last character.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import quote

from languages.finding import Finding, Fix, Range, Severity

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note", "hint": "note"}

Json = dict[str, Any]


def sarif_log(findings: Sequence[Finding]) -> Json:
    """The whole log. Without findings it has one run, of `coder`, without results: checked, and clean."""
    sources = sorted({finding.source for finding in findings}) or ["coder"]
    runs = [_run(source, [finding for finding in findings if finding.source == source]) for source in sources]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}


def _run(source: str, findings: Sequence[Finding]) -> Json:
    rules = {finding.check: finding for finding in findings}
    index = {check: number for number, check in enumerate(rules)}
    seen: Counter[str] = Counter()
    return {
        "tool": {"driver": {"name": source, "rules": [_rule(finding) for finding in rules.values()]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, index[finding.check], seen) for finding in findings],
    }


def _rule(finding: Finding) -> Json:
    tags = [finding.category, *([f"external/cwe/{finding.cwe.lower()}"] if finding.cwe else [])]
    rule: Json = {"id": finding.check, "properties": {"tags": tags}}
    return rule if finding.url is None else {**rule, "helpUri": finding.url}


def _result(finding: Finding, rule_index: int, seen: Counter[str]) -> Json:
    artifact = {"uri": _uri(finding.path)}
    result: Json = {
        "ruleId": finding.check,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": _region(finding.range)}}],
        "partialFingerprints": {"coderFinding/v1": _fingerprint(finding, seen)},
        "properties": {"confidence": finding.confidence},
    }
    return result if finding.fix is None else {**result, "fixes": [_fix(finding.fix, artifact)]}


def _fix(fix: Fix, artifact: Json) -> Json:
    replacements = [{"deletedRegion": _region(span), "insertedContent": {"text": text}} for span, text in fix.edits]
    change = {"artifactLocation": artifact, "replacements": replacements}
    return {"description": {"text": fix.title}, "artifactChanges": [change]}


def _region(span: Range) -> Json:
    return {
        "startLine": span.start.line + 1,
        "startColumn": span.start.character + 1,
        "endLine": span.end.line + 1,
        "endColumn": span.end.character + 1,
    }


def _uri(path: str) -> str:
    """A relative reference for a relative path, a file URI for an absolute one."""
    if PurePath(path).is_absolute():
        return Path(path).as_uri()
    return quote(PurePath(path).as_posix())


def _fingerprint(finding: Finding, seen: Counter[str]) -> str:
    """The same finding after lines moved: path, check and message, and its number among equal ones."""
    key = "\0".join((PurePath(finding.path).as_posix(), finding.source, finding.check, finding.message))
    seen[key] += 1
    return hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()
