from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from languages.errors import CoderError
from languages.finding import Position, Range
from languages.rewriting.matching import MAX_DEPTH
from languages.rewriting.reasons import Reason
from languages.rewriting.rewrite import Rewrite, rewrite
from languages.rewriting.rule import parse_rule, rule_from_mapping
from languages.syntax import GrammarName

GO = "package m\n\nfunc f() error {\n\tfmt.Println(1, 2)\n\tif err != nil {\n\t\treturn err\n\t}\n\treturn nil\n}\n"
PYTHON = "é = 1\nfor x in y:\n    print(x,\n        2)\nlen(a) == len(b)\n"
ELIXIR = "defmodule A do\n  def f(xs), do: Enum.map(Enum.map(xs, g), h)\nend\n"


def applied(grammar: GrammarName, text: str, rule: str) -> Rewrite:
    return rewrite(grammar, text, parse_rule(rule))


def test_a_python_fix_keeps_the_shape_of_what_it_moves() -> None:
    done = applied("python", PYTHON, "rule: {pattern: print($$$A)}\nfix: |\n  if debug:\n      log($$$A)\n")
    assert done.text == "é = 1\nfor x in y:\n    if debug:\n        log(x,\n            2)\nlen(a) == len(b)\n"
    assert [edit.range for edit in done.edits] == [Range(Position(2, 4), Position(3, 10))]
    assert done.reasons == ()
    assert not done.breaks_syntax


def test_a_go_call_is_found_in_context() -> None:
    rule = "rule: {pattern: {context: 'package p; func _() { fmt.Println($$$A) }', selector: call_expression}}\n"
    assert "\tlog.Print(1, 2)\n" in applied("go", GO, rule + "fix: log.Print($$$A)").text


def test_an_elixir_call_becomes_a_pipe_and_inner_matches_wait() -> None:
    done = applied("elixir", ELIXIR, "rule: {pattern: 'Enum.map($X, $G)'}\nfix: $X |> Enum.map($G)\nlanguage: ex\n")
    assert "do: Enum.map(xs, g) |> Enum.map(h)\n" in done.text
    assert (len(done.matches), len(done.edits), done.inside) == (2, 1, 1)


def test_an_action_is_a_rule() -> None:
    rule = rule_from_mapping({"pattern": "len($A)", "rewrite": "size($A)", "language": "Python"})
    assert rewrite("python", PYTHON, rule).text.endswith("size(a) == size(b)\n")


def test_transform_and_constraints() -> None:
    rule = (
        "rule: {pattern: foo($A)}\nconstraints: {A: {regex: ^a}}\n"
        "transform: {B: {replace: {source: $A, replace: b, by: X}}}\nfix: bar($B)\n"
    )
    assert applied("python", "foo(abc); foo(xbc)\n", rule).text == "bar(aXc); foo(xbc)\n"


def test_line_ends_stay() -> None:
    rule = "rule: {pattern: print($$$A)}\nfix: |\n  if d:\n      log($$$A)\n"
    text = applied("python", PYTHON.replace("\n", "\r\n"), rule).text
    assert text.count("\r\n") == text.count("\n") == 6


def test_a_rule_without_a_fix_only_finds() -> None:
    done = applied("python", PYTHON, "pattern: len($A)")
    assert (done.text, len(done.matches), done.edits) == (PYTHON, 2, ())


def test_a_fix_that_breaks_the_text_says_so() -> None:
    assert applied("python", PYTHON, "pattern: len($A)\nfix: len($A").breaks_syntax


@pytest.mark.parametrize(
    ("grammar", "text", "rule", "reason", "words"),
    [
        ("go", GO, "pattern: fmt.Println($$$A)", "needs_context", "selector: call_expression"),
        ("python", PYTHON, "language: go\npattern: x", "language_mismatch", "the rule is for go"),
        ("python", " \n", "pattern: x", "empty_text", "empty"),
        ("python", PYTHON, "pattern: print($a)", "lower_case_metavariable", "write $A"),
        ("python", PYTHON, "pattern: 'def (:'", "pattern_does_not_parse", "not Python that parses"),
        ("go", GO, "pattern: 'f(]'", "pattern_does_not_parse", "not Go that parses"),
        ("python", PYTHON, "kind: class_definition", "kind_absent", "no `class_definition`"),
        ("python", PYTHON, "{pattern: len($A), kind: identifier}", "kind_conflict", "leave `kind` out"),
        ("python", PYTHON, "{pattern: len($A), inside: {kind: class_definition}}", "rejected_by", "2 places"),
        ("python", PYTHON, "{pattern: len($A), regex: zzz}", "rejected_by", "`regex` rejects"),
        ("python", PYTHON, "{rule: {pattern: len($A)}, constraints: {A: {regex: z}}}", "rejected_by", "`constraints`"),
        ("python", PYTHON, "pattern: len($A) == len($A)", "metavariables_differ", "two names"),
        ("python", PYTHON, "pattern: print($A)", "argument_count", "($$$ARGUMENTS)"),
        ("python", PYTHON, "pattern: prnt($A)", "name_absent", "`prnt`"),
        ("python", PYTHON, "pattern: x + y", "no_such_code", "shape"),
    ],
)
def test_why_nothing_matched(grammar: GrammarName, text: str, rule: str, reason: Reason, words: str) -> None:
    done = applied(grammar, text, rule)
    assert (done.text, done.matches, done.edits) == (text, (), ())
    assert done.reasons[0].reason == reason
    assert words in done.reasons[0].sentence


@pytest.mark.parametrize(
    ("grammar", "text", "rule"),
    [("go", GO, "pattern: fmt.Println($$$A)"), ("python", PYTHON, "pattern: print($A)")],
)
def test_a_suggested_rule_matches(grammar: GrammarName, text: str, rule: str) -> None:
    suggested = applied(grammar, text, rule).reasons[0].rule
    assert suggested is not None
    assert rewrite(grammar, text, rule_from_mapping({"rule": suggested})).matches


@pytest.mark.parametrize(
    ("rule", "code", "words"),
    [
        ("pattern: [", "bad_rule", "not YAML on line 1"),
        ("- a", "bad_rule", "not a mapping"),
        ("", "bad_rule", "not a mapping"),
        ("rule: &a {any: [*a]}", "bad_rule", "aliases"),
        ("[" * 5_000, "bad_rule", "levels deep"),
        ("patern: x", "bad_rule", "write `pattern`"),
        ("id: x", "bad_rule", "no `rule`"),
        ("rule: {kind: call}\npattern: x", "bad_rule", "move it into `rule`"),
        ("pattern: x\nfix: a\nrewrite: b", "bad_rule", "both"),
        ("pattern: x\nfix: 3", "bad_rule", "not text"),
        ("pattern: x\nfix: {template: a, expandEnd: {regex: b}}", "bad_rule", "only have a `template`"),
        ("pattern: x\nlanguage: rust", "bad_rule", "Elixir, Go or Python"),
        ("pattern: f($A)\nfix: g($B)", "unbound_metavariable", "$B"),
        ("kind: nokind", "bad_rule", "`nokind` is invalid"),
        ("rule: {regex: '('}", "bad_rule", "unclosed group"),
        ("pattern: [1]", "bad_rule", "ast-grep refuses"),
        ("rule: {matches: foo}", "bad_rule", "`foo` is not defined"),
    ],
)
def test_a_bad_rule_is_a_sentence(rule: str, code: str, words: str) -> None:
    with pytest.raises(CoderError) as caught:
        applied("python", PYTHON, rule)
    assert caught.value.code == code
    assert words in caught.value.message
    assert "\n" not in caught.value.message


def test_hostile_text() -> None:
    rule = "pattern: f($A)\nfix: g($A)"
    assert applied("python", "x=\0 1\ud800; f(2)", rule).text == "x=\0 1\ud800; g(2)"
    assert applied("python", "f(1);" * 2_000, rule).text == "g(1);" * 2_000
    with pytest.raises(CoderError, match="levels deep"):
        applied("python", "f(" * MAX_DEPTH + ")" * MAX_DEPTH, rule)


@settings(max_examples=60, deadline=None)
@given(rule=st.one_of(st.text(), st.builds("pattern: {}\nfix: {}".format, st.text(), st.text())))
def test_any_text_is_a_rule_or_a_sentence(rule: str) -> None:
    codes = []
    try:
        done = applied("python", PYTHON, rule)
    except CoderError as error:
        codes.append(error.code)
    assert set(codes) <= {"bad_rule", "unbound_metavariable"}
    assert codes or done.matches or done.reasons
