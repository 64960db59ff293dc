"""What a label such as "ruff:F401" means: for hovers, and for findings of the model, which knows labels only.

Tools that can say it themselves are asked, once a process and only when needed: `ruff rule --all` takes milliseconds,
Bandit carries its catalogue in its package; when missing they describe nothing. For the others there is `check_table`.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import get_args

from languages.linters.bandit import bandit_alone
from languages.linters.check_table import TOOLS, checks_of
from languages.linters.process import ToolFailure, find_program, run_tool
from languages.linters.structural.linter import SOURCE as RULES
from languages.linters.structural.rule import ToolName


@dataclass(frozen=True, slots=True)
class CheckDescription:
    """A check for people: "unused-import", where to read about it, and one line on what it is."""

    name: str
    url: str
    summary: str


def describe(label: str) -> CheckDescription | None:
    """The description of "tool:check" ("ruff:F401", "go vet:printf", "gosec:G101"), or None when nobody knows it."""
    tool, _, check = label.partition(":")
    if tool == "ruff":
        return _ruff_rules().get(check)
    if tool == "bandit":
        return _bandit_tests().get(check)
    if tool == "go vet":
        return _go_vet_analyzers().get(check)
    if tool in TOOLS:
        return _tabled(tool, check)
    if tool == RULES:
        return next(filter(None, (_tabled(real, check) for real in get_args(ToolName))), None)
    return None


def _tabled(tool: str, check: str) -> CheckDescription | None:
    entry = checks_of(tool).get(check)
    return None if entry is None else CheckDescription(entry.name, entry.url, entry.summary)


@cache
def _ruff_rules() -> Mapping[str, CheckDescription]:
    program = find_program("ruff")
    if program is None:
        return {}
    output = run_tool([program, "rule", "--all", "--output-format", "json"], timeout=10)
    if isinstance(output, ToolFailure) or output.exit_code != 0:
        return {}
    page = "https://docs.astral.sh/ruff/rules/"
    rules = json.loads(output.stdout)
    return {rule["code"]: CheckDescription(rule["name"], page + rule["name"], rule["summary"]) for rule in rules}


@cache
def _bandit_tests() -> Mapping[str, CheckDescription]:
    if find_spec("bandit") is None:
        return {}
    with bandit_alone():
        from bandit.core.docs_utils import get_url
        from bandit.core.extension_loader import MANAGER
    described: dict[str, tuple[str, str]] = {
        check: (plugin.name, _summary(plugin.plugin)) for check, plugin in MANAGER.plugins_by_id.items()
    }
    for check, entry in MANAGER.blacklist_by_id.items():
        described[check] = entry["name"], entry["message"].replace("{name}", "this")
    return {
        check: CheckDescription(name.replace("_", "-"), get_url(check), summary)
        for check, (name, summary) in described.items()
    }


@cache
def _go_vet_analyzers() -> Mapping[str, CheckDescription]:
    """From `go tool vet help`: a list of indented "name  summary" lines."""
    program = find_program("go")
    if program is None:
        return {}
    output = run_tool([program, "tool", "vet", "help"], timeout=20)
    if isinstance(output, ToolFailure):
        return {}
    listed = output.stdout.partition("Registered analyzers:")[2].partition("By default")[0]
    pairs = [line.split(maxsplit=1) for line in listed.splitlines() if line.strip()]
    page = "https://pkg.go.dev/golang.org/x/tools/go/analysis/passes/"
    return {name: CheckDescription(name, page + name, summary) for name, summary in pairs}


def _summary(plugin: object) -> str:
    """The title of a Bandit plugin's documentation ("B101: Test for use of assert"), which may be its module's."""
    texts = (inspect.getdoc(plugin) or "", inspect.getdoc(inspect.getmodule(plugin)) or "")
    titles = (re.search(r"^\**B\d{3}: (.+?)\**$", text, re.MULTILINE) for text in texts)
    return next((title[1] for title in titles if title), "")
