"""Why a rule matched nothing, found by trying what would have matched.

Each reason is a probe: it changes one thing in the rule and looks whether the text then has a match. So a suggestion
(`rule`) is never a guess; it was seen to match. It does not know about fixes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from languages.errors import CoderError
from languages.rewriting.matching import find_all
from languages.rewriting.rule import RewriteRule
from languages.syntax import GrammarName
from languages.tree import SyntaxTree

if TYPE_CHECKING:
    from ast_grep_py import SgNode

Reason = Literal[
    "language_mismatch", "empty_text", "pattern_does_not_parse", "lower_case_metavariable", "needs_context",
    "kind_absent", "kind_conflict", "rejected_by", "metavariables_differ", "argument_count", "name_absent",
    "no_such_code",
]  # fmt: skip

_LOWER = re.compile(r"\$([a-z]\w*)")
_VARIABLE = re.compile(r"\$\$\$[A-Z_0-9]*|\$[A-Z_][A-Z_0-9]*")
_WORD = re.compile(r"[A-Za-z_]\w*[?!]?")
#: Parts of a rule that only ever take matches away.
_FILTERS = ("not", "inside", "has", "follows", "precedes", "regex", "nthChild")


@dataclass(frozen=True, slots=True)
class NoMatch:
    """One reason, as a name for programs and a sentence for people; `rule` is a rule object seen to match."""

    reason: Reason
    sentence: str
    rule: Mapping[str, Any] | None = None

    @classmethod
    def language_mismatch(cls, rule: str, text: str) -> NoMatch:
        """The rule is for another language."""
        return cls(
            "language_mismatch", f"the rule is for {rule} and the text is {text}; write `language: {text}` if it fits"
        )


@dataclass(frozen=True, slots=True)
class _Case:
    """A rule and the text in which it found nothing."""

    grammar: GrammarName
    text: str
    root: SgNode
    rule: RewriteRule

    @property
    def pattern(self) -> str | None:
        """The pattern, when the rule has one and it is plain text."""
        found = self.rule.rule.get("pattern")
        return found if isinstance(found, str) else None

    def matches(self, changed: Mapping[str, Any], *, without: str | None = None) -> int:
        """How many places another rule object finds; 0 if ast-grep refuses it."""
        config = {key: value for key, value in self.rule.config.items() if key not in (without, "transform")}
        try:
            return len(find_all(self.root, {**config, "rule": dict(changed)}))
        except CoderError:
            return 0


def why_nothing_matched(grammar: GrammarName, text: str, root: SgNode, rule: RewriteRule) -> tuple[NoMatch, ...]:
    """The reasons, the most telling first; at least one. The rule is known to match nothing in `text`."""
    case = _Case(grammar, text, root, rule)
    if not text.strip():
        return (NoMatch("empty_text", "the text is empty, so there is nothing to match"),)
    reasons = tuple(reason for probe in _PROBES for reason in probe(case))
    return reasons or (_no_such_code(case),)


def _lower_case(case: _Case) -> Iterator[NoMatch]:
    names = _LOWER.findall(case.pattern or "")
    if names:
        sentence = f"${names[0]} is not a metavariable because it is lower case; write ${names[0].upper()}"
        fixed = _LOWER.sub(lambda found: found[0].upper(), case.pattern or "")
        yield NoMatch("lower_case_metavariable", sentence, _if_matching(case, {**case.rule.rule, "pattern": fixed}))


def _needs_context(case: _Case) -> Iterator[NoMatch]:
    """Go reads a bare call as a conversion, and has no statements or expressions outside functions."""
    if case.grammar != "go" or case.pattern is None:
        return
    context = f"package p; func _() {{ {case.pattern} }}"
    for kind in _kinds_of(case.pattern):
        changed = {**case.rule.rule, "pattern": {"context": context, "selector": kind}}
        if case.matches(changed):
            sentence = (
                "Go does not parse this pattern outside a function as it does inside one; "
                f"write `pattern: {{context: '{context}', selector: {kind}}}`"
            )
            yield NoMatch("needs_context", sentence, changed)
            return


def _kinds_of(pattern: str) -> list[str]:
    """What the pattern could be inside a Go function, the outermost first."""
    names = count()
    body = _VARIABLE.sub(lambda _: f"x{next(names)}", pattern)
    tree = SyntaxTree("go", f"package p; func _() {{ {body} }}")
    start = len(b"package p; func _() { ")
    end = start + len(body.strip().encode("utf-8", "replace"))
    node = tree.root.named_descendant_for_byte_range(start, end)
    kinds = []
    while node is not None and node.start_byte >= start and node.end_byte <= end:
        kinds.append(node.type)
        node = node.named_children[0] if node.named_child_count == 1 else None
    return [kind for kind in kinds if kind not in ("statement_list", "expression_list", "ERROR")]


def _does_not_parse(case: _Case) -> Iterator[NoMatch]:
    if case.pattern is None or _parses(case.grammar, _LOWER.sub("x", case.pattern)):
        return
    language = case.grammar.capitalize()
    yield NoMatch(
        "pattern_does_not_parse",
        f"the pattern is not {language} that parses; write a whole expression or statement, with $NAME for parts",
    )


def _parses(grammar: GrammarName, pattern: str) -> bool:
    names = count()
    body = _VARIABLE.sub(lambda _: f"x{next(names)}", pattern)
    contexts = (body, f"package p; func _() {{ {body} }}") if grammar == "go" else (body,)
    return any(not SyntaxTree(grammar, context).has_error for context in contexts)


def _kind(case: _Case) -> Iterator[NoMatch]:
    kind = case.rule.rule.get("kind")
    if not isinstance(kind, str):
        return
    places = case.matches({"kind": kind})
    if not places:
        yield NoMatch("kind_absent", f"the text has no `{kind}`; look at its syntax tree for the kind that you mean")
        return
    without = {key: value for key, value in case.rule.rule.items() if key != "kind"}
    if "pattern" in without and case.matches(without):
        sentence = f"what the pattern matches is not a `{kind}`; leave `kind` out"
        yield NoMatch("kind_conflict", sentence, without)


def _rejected(case: _Case) -> Iterator[NoMatch]:
    for key in _FILTERS:
        rest = {name: value for name, value in case.rule.rule.items() if name != key}
        places = case.matches(rest) if key in case.rule.rule and rest else 0
        if places:
            yield NoMatch("rejected_by", f"{_places(places)} would match, but `{key}` rejects them; loosen it", rest)
    places = case.matches(case.rule.rule, without="constraints") if "constraints" in case.rule.config else 0
    if places:
        yield NoMatch("rejected_by", f"{_places(places)} would match, but `constraints` rejects them; loosen them")


def _differ(case: _Case) -> Iterator[NoMatch]:
    variables = _VARIABLE.findall(case.pattern or "")
    repeated = [name for name in variables if variables.count(name) > 1 and not name.startswith("$_")]
    if not repeated:
        return
    names = count(1)
    renamed = _VARIABLE.sub(lambda found: f"{found[0]}_{next(names)}", case.pattern or "")
    changed = {**case.rule.rule, "pattern": renamed}
    if case.matches(changed):
        sentence = f"{repeated[0]} stands for the same code everywhere in a pattern; use two names for two things"
        yield NoMatch("metavariables_differ", sentence, changed)


def _argument_count(case: _Case) -> Iterator[NoMatch]:
    pattern = case.pattern or ""
    loose = re.sub(r"\((?:[^()]*)\)\s*$", "($$$ARGUMENTS)", pattern)
    changed = {**case.rule.rule, "pattern": loose}
    if loose != pattern and case.matches(changed):
        sentence = "the call is there with other arguments; write ($$$ARGUMENTS) for any number of them"
        yield NoMatch("argument_count", sentence, changed)


def _name_absent(case: _Case) -> Iterator[NoMatch]:
    if not _parses(case.grammar, case.pattern or ""):
        return
    words = set(_WORD.findall(_VARIABLE.sub(" ", case.pattern or "")))
    absent = sorted(word for word in words if word not in case.text)
    if absent:
        yield NoMatch("name_absent", f"`{absent[0]}` is nowhere in the text; check the spelling")


def _no_such_code(case: _Case) -> NoMatch:
    return NoMatch("no_such_code", "nothing in the text has the shape of this rule; compare it with the code you mean")


def _if_matching(case: _Case, changed: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return changed if case.matches(changed) else None


def _places(number: int) -> str:
    return "one place" if number == 1 else f"{number} places"


_PROBES: tuple[Callable[[_Case], Iterator[NoMatch]], ...] = (
    _lower_case,
    _needs_context,
    _does_not_parse,
    _kind,
    _rejected,
    _differ,
    _argument_count,
    _name_absent,
)
