"""A rule as data: which check it stands for, what it looks for, and how far it can be believed.

Rules live in `languages/linters/rules/<tool>/*.yml`, a list a file. A rule names the calls or patterns it looks for, or
a predicate (a Python function) where those cannot say it. `confidence` is the precision against the real tool's
findings as measured, (both + 1) / (ours + 2): a rule that was never seen to fire on real code says 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any, Literal

from languages.errors import CoderError
from languages.finding import Severity

ToolName = Literal["credo", "sobelow", "gosec"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place a rule points at: a 0-based line, UTF-8 bytes in it, and a note that the message may show as `{note}`.

    `severity` is set where the place weighs more than the rule says.
    """

    line: int
    column: int = 0
    length: int = 0
    note: str = ""
    severity: Severity | None = None


#: The limits and lists that a rule gives its predicate.
Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One check. At least one of `calls`, `patterns` and `predicate` says what it looks for.

    `calls` are dotted names, with or without arity ("IO.inspect", "String.to_atom/1"); `patterns` are code with `$X`
    for one expression and `$$$` for the remaining arguments; `params` are the predicate's limits and lists.
    `enabled` is false where the real tool leaves the check off unless its settings ask for it. `reads` are the kinds of
    files that it looks at: "code", "template", "lock" (`mix.lock`). `shown` are the params that differ where people are
    told: as in the tool's shipped configuration, or to say a thing once; agreement is measured without them.
    """

    check: str
    message: str
    rationale: str
    severity: Severity
    category: str
    confidence: float
    enabled: bool = True
    cwe: str | None = None
    calls: Sequence[str] = ()
    patterns: Sequence[str] = ()
    predicate: str = ""
    params: Params = field(default_factory=dict)
    shown: Params = field(default_factory=dict)
    reads: Sequence[str] = ("code",)


@cache
def rules_of(tool: ToolName) -> tuple[Rule, ...]:
    """Every rule of `tool`, in the order of the files' names. Raises `CoderError` for a rule file that is not one."""
    yaml = import_module("yaml")
    folder = files("languages.linters") / "rules" / tool
    rules: list[Rule] = []
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yml"):
            continue
        try:
            entries = yaml.load(file.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            rules.extend(Rule(**entry) for entry in entries)
        except (yaml.YAMLError, TypeError) as error:
            raise CoderError(f"{file} is not a list of rules ({error}); restore it from the package") from error
    return tuple(rules)
