"""`RewriteRule`: an ast-grep rule with its fix, from YAML or from an action that a model wrote.

The format is ast-grep's (https://ast-grep.github.io/reference/yaml.html). An action is the short form: a mapping with
`pattern` (or `rule`) and `rewrite` (or `fix`). It does not know the text that the rule will meet.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from languages.errors import CoderError
from languages.syntax import GrammarName

_LANGUAGES: dict[str, GrammarName] = {
    "elixir": "elixir",
    "ex": "elixir",
    "go": "go",
    "golang": "go",
    "python": "python",
    "py": "python",
}
#: What ast-grep's matcher reads; the rest of a rule file is about reporting.
_MATCHER = ("rule", "constraints", "utils", "transform")
_REPORTING = ("id", "language", "message", "note", "severity", "url", "metadata", "labels", "files", "ignores")
_SHORT = (
    "pattern",
    "kind",
    "regex",
    "inside",
    "has",
    "not",
    "all",
    "any",
    "follows",
    "precedes",
    "matches",
    "nthChild",
)
_FIX = ("fix", "rewrite")
_KNOWN = (*_MATCHER, *_REPORTING, *_SHORT, *_FIX)

#: Levels of lists and mappings in a rule.
MAX_RULE_DEPTH = 60

_METAVARIABLE = re.compile(r"\$(?:\$\$)?([A-Z_][A-Z0-9_]*)")


@dataclass(frozen=True, slots=True)
class RewriteRule:
    """What to find (`config`, as ast-grep reads it) and what to put there (`fix`; None only finds)."""

    config: Mapping[str, Any]
    fix: str | None = None
    language: GrammarName | None = None
    id: str = "rule"

    @property
    def rule(self) -> Mapping[str, Any]:
        """The `rule` object."""
        found: Mapping[str, Any] = self.config["rule"]
        return found


def parse_rule(text: str) -> RewriteRule:
    """The rule in a YAML (or JSON) text. Raises `CoderError` with code `bad_rule`."""
    import yaml  # type: ignore[import-untyped]

    try:
        _refuse_unsafe(yaml.parse(text))
        found = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        place = getattr(error, "problem_mark", None)
        where = f" on line {place.line + 1}" if place is not None else ""
        reason = getattr(error, "problem", None) or "it is nested too deeply or holds a bad value"
        raise bad_rule(f"the rule is not YAML{where} ({reason}); write one ast-grep rule") from error
    if not isinstance(found, dict):
        raise bad_rule("the rule is not a mapping; write `rule:` with a `pattern:` below it, and `fix:`")
    return rule_from_mapping(found)


def _refuse_unsafe(events: Iterable[object]) -> None:
    """Aliases can stand for gigabytes, and reading takes quadratic time in depth; `events` are lazy: this is early."""
    depth = 0
    for event in events:
        name = type(event).__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if name == "AliasEvent":
            raise bad_rule("the rule uses YAML aliases (`*name`); write the parts out")
        if depth > MAX_RULE_DEPTH:
            raise bad_rule(f"the rule is nested more than {MAX_RULE_DEPTH} levels deep; write a flatter one")


def rule_from_mapping(found: Mapping[str, Any]) -> RewriteRule:
    """The rule in a mapping, long form or short. Raises `CoderError` with code `bad_rule`."""
    for key in found:
        if key not in _KNOWN:
            near = difflib.get_close_matches(str(key), _KNOWN, n=1)
            raise bad_rule(f"`{key}` is no key of a rule; " + (f"write `{near[0]}`" if near else "leave it out"))
    config = {key: found[key] for key in _MATCHER if found.get(key) is not None}
    short = {key: found[key] for key in _SHORT if key in found}
    if short and "rule" in config:
        raise bad_rule(f"`{next(iter(short))}` stands beside `rule`; move it into `rule`")
    config.setdefault("rule", short)
    if not isinstance(config["rule"], dict) or not config["rule"]:
        raise bad_rule("the rule finds nothing because it has no `rule`; write `rule:` with a `pattern:` below it")
    rule = RewriteRule(config, _fix(found), _language(found.get("language")), str(found.get("id") or "rule"))
    _refuse_unbound(rule)
    return rule


def metavariables(found: object) -> frozenset[str]:
    """The names of the metavariables in a pattern, a fix, or anything that holds them."""
    text = found if isinstance(found, str) else json.dumps(found, default=str)
    return frozenset(_METAVARIABLE.findall(text))


def bad_rule(sentence: str, code: str = "bad_rule") -> CoderError:
    """The error for a rule that cannot be used."""
    return CoderError(sentence, code=code)


def _fix(found: Mapping[str, Any]) -> str | None:
    given = [found[key] for key in _FIX if found.get(key) is not None]
    if len(given) > 1:
        raise bad_rule("`fix` and `rewrite` are both given; write one of them")
    fix = given[0] if given else None
    if isinstance(fix, dict):
        if set(fix) != {"template"}:
            raise bad_rule("a `fix` object can only have a `template` here; write the fix as text")
        fix = fix["template"]
    if fix is not None and not isinstance(fix, str):
        raise bad_rule("`fix` is not text; put it in quotes")
    return fix


def _language(name: object) -> GrammarName | None:
    if name is None:
        return None
    found = _LANGUAGES.get(str(name).lower())
    if found is None:
        raise bad_rule(f"`language: {name}` is not known; write Elixir, Go or Python")
    return found


def _refuse_unbound(rule: RewriteRule) -> None:
    """A fix may only use what the rule binds; ast-grep itself would put nothing in its place."""
    bound = metavariables(rule.config) | frozenset(rule.config.get("transform") or ())
    unbound = sorted(metavariables(rule.fix or "") - bound)
    if unbound:
        raise bad_rule(
            f"`fix` uses ${unbound[0]}, which the rule never binds; put ${unbound[0]} into its `pattern`",
            "unbound_metavariable",
        )
