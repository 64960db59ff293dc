"""The checks of tools that cannot describe them: category, severity, CWE and one line on each, from `checks/*.json`.

Credo, Sobelow and staticcheck have no CWE of their own, so those numbers are our mapping; gosec's are gosec's. It knows
no tool's output.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from languages.finding import Severity

#: The tools that have a table.
TOOLS = ("credo", "gosec", "sobelow", "staticcheck")
_FOLDER = Path(__file__).parent / "checks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check; `name` is for people, `cwe` like "CWE-89", `url` where to read about it."""

    name: str
    category: str
    severity: Severity
    cwe: str | None
    summary: str
    url: str


@cache
def checks_of(tool: str) -> Mapping[str, Check]:
    """The checks of one of `TOOLS` by the ids that it prints."""
    table = json.loads((_FOLDER / f"{tool}.json").read_text(encoding="utf-8"))
    page = table["page"]
    return {check: Check(**entry, url=page.replace("{id}", check)) for check, entry in table["checks"].items()}
