from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from languages.errors import CoderError
from languages.mutation.go_engine import GoTests, mutate_go
from languages.mutation.options import MutationOptions
from languages.mutation.report import stryker_report
from languages.mutation.results import MutationRun, Outcome
from tests.languages.mutation.go_packages import ODD, ODD_TESTS, PATIENT, module, mutate
from tests.tools import require_tool


@pytest.fixture(autouse=True)
def _go() -> None:
    require_tool("go")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MutationRun:
    require_tool("go")
    return mutate(module(tmp_path_factory.mktemp("shop")))


def outcome(run: MutationRun, line: str, replacement: str) -> Outcome:
    """What became of the mutant that puts `replacement` into the line that begins with `line`."""
    (found,) = [
        o for o in run.outcomes if line_of(run, o).strip().startswith(line) and o.mutant.replacement == replacement
    ]
    return found


def line_of(run: MutationRun, outcome: Outcome) -> str:
    """The line in which the mutant begins."""
    before = run.text.encode()[: outcome.mutant.start]
    return run.text.splitlines()[before.count(b"\n")]


@pytest.mark.parametrize(
    ("line", "replacement", "status", "killer"),
    [
        ("var rate", "4", "Killed", "shop_test.go::TestTotal"),
        ("if n < 1", "!(n < 1)", "Killed", "shop_test.go::TestTotal"),
        ("if n < 1", "<=", "Survived", None),
        ("return errors.New", "return nil", "Killed", "outside_test.go::TestLoad"),
        ("return errors.New", '""', "Survived", None),
        ("c.Count += n", "{}", "Killed", "shop_test.go::TestTotal"),
        ("c.Count += n", "-=", "Killed", "shop_test.go::TestTotal"),
        ("total := c.Count", "/", "Killed", "shop_test.go::TestTotal"),
        ("if total > 10", "||", "Killed", "shop_test.go::TestTotal"),
        ("if total > 10", "(c.free())", "NoCoverage", None),
        ("total--", "++", "NoCoverage", None),
        ("return total", "return 0", "Killed", "shop_test.go::TestTotal"),
        ("if err := cart", "==", "Killed", "outside_test.go::TestLoad"),
        ("if err := cart", "{}", "Killed", "outside_test.go::TestLoad"),
        ('return "", err', 'return "", nil', "Killed", "outside_test.go::TestLoad"),
        ('return "all "', 'return "", nil', "Killed", "outside_test.go::ExampleLoad"),
        ("return i", "return 0", "Killed", "shop_test.go::TestWait"),
        ("i++", "{}", "Timeout", None),
        ("if n > 2", ">=", "Killed", "shop_test.go::TestLeaveToo"),
        ("func Unused", "*", "NoCoverage", None),
    ],
)
def test_verdicts(run: MutationRun, line: str, replacement: str, status: str, killer: str | None) -> None:
    found = outcome(run, line, replacement)
    assert (found.status, found.killed_by) == (status, killer)


def test_a_killed_mutant_has_a_reason_and_its_tests(run: MutationRun) -> None:
    killed = outcome(run, "total := c.Count", "/")
    assert killed.covered_by == ("shop_test.go::TestTotal",)
    assert killed.reason == "shop_test.go:8: got 0"
    assert outcome(run, "return errors.New", "return nil").covered_by == ("outside_test.go::TestLoad",)
    exited = outcome(run, "if n > 2", ">=")
    assert exited.covered_by == ("shop_test.go::TestLeave", "shop_test.go::TestLeaveToo")
    assert exited.reason == "panic: unexpected call to os.Exit(0) during test [recovered, repanicked]"
    assert {o.mutant.operator for o in run.outcomes} == {
        "arithmetic", "boolean", "comparison", "condition", "constant", "error", "return", "statement",
    }  # fmt: skip
    assert MutationRun.from_json(run.to_json()) == run


def test_what_does_not_compile_is_reported(tmp_path: Path) -> None:
    text = (
        "package shop\n\n//line join.y:7\nfunc Join(a, b string, i int) string { return a + b + []string{a}[0:i][0] }\n"
    )
    test = 'package shop\n\nimport "testing"\n\nfunc TestJoin(t *testing.T) { Join("a", "b", 1) }\n'
    run = mutate(module(tmp_path, shop=text, shop_test=test, outside_test="package shop_test\n"))
    assert [(o.status, o.reason) for o in run.outcomes if o.mutant.replacement == "-"] == [
        ("CompileError", "invalid operation: operator - not defined on a (variable of type string)"),
        ("CompileError", "invalid operation: operator - not defined on a + b (value of type string)"),
    ]
    assert (run.count("Killed"), run.count("Survived"), run.score) == (2, 1, 2 / 3)
    (file,) = stryker_report([run])["files"].values()
    assert sum(mutant["status"] == "CompileError" for mutant in file["mutants"]) == 2


def test_the_same_again_and_nothing_is_left(tmp_path: Path) -> None:
    file = module(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    told: list[tuple[int, int]] = []
    options = MutationOptions(
        patience=60.0, sample=12, seed=4, parallel=2, progress=lambda done, of: told.append((done, of))
    )
    first = mutate(file, options)
    assert told == [(number, 12) for number in range(1, 13)]
    assert mutate(file, MutationOptions(patience=60.0, sample=12, seed=4, parallel=1)) == first
    assert len(first.outcomes) == 12 < first.generated
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_report_is_strykers(run: MutationRun) -> None:
    report = stryker_report([run])
    (file,) = report["files"].values()
    ids = {test["id"] for file in report["testFiles"].values() for test in file["tests"]}
    assert set(report["testFiles"]) == {"shop_test.go", "outside_test.go"}
    assert file["language"] == "go"
    for mutant in file["mutants"]:
        assert {*mutant["coveredBy"], *mutant["killedBy"]} <= ids


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_go_is_strict_about(tmp_path: Path, end: str) -> None:
    """Labels, `fallthrough`, redeclared results, named truth values, type parameters; through a link; CRLF."""
    module(tmp_path / "real", shop=ODD.replace("\n", end), shop_test=ODD_TESTS, outside_test="package odd_test\n")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    run = mutate(tmp_path / "link" / "shop.go")
    assert run.count("CompileError", "NoCoverage") == 0
    survivors = [(text.strip(), o.mutant.replacement) for o in run.survivors for text in [line_of(run, o)]]
    assert survivors == [
        ("var on = base > 6", ">="),
        ("if n < 0 {", "<="),
        ("if n < 0 {", "1"),
        ('return 0, errors.New("negative")', "1"),
        ('return 0, errors.New("negative")', '""'),
        ("case m == 0:", "1"),
        ("case m > 9 && i > 0:", ">="),
        ("case m > 9 && i > 0:", ">="),
        ("case m > 9 && i > 0:", "1"),
        ("return kept, err", "return kept, nil"),
        ("func (f *flag) Set(a, _ flag) flag { *f = a && !*f; return a || *f }", "||"),
        ("func (f *flag) Set(a, _ flag) flag { *f = a && !*f; return a || *f }", "&&"),
        ("if last := len(items) - 1; last >= 0 {", ">"),
        ("if last := len(items) - 1; last >= 0 {", "1"),
    ]


def test_tests_of_other_packages_and_build_tags(tmp_path: Path) -> None:
    file = module(tmp_path)
    (tmp_path / "inner").mkdir()
    inner = tmp_path / "inner" / "inner.go"
    inner.write_text("//go:build slow\n\npackage inner\n\nfunc Twice(n int) int { return n * 2 }\n")
    file.write_text('//go:build slow\n\npackage shop\n\nimport "example.org/shop/inner"\n\nvar four = inner.Twice(2)\n')
    test = 'import "testing"\n\nfunc TestFour(t *testing.T) {\n\tif four != 4 {\n\t\tt.Fatal(four)\n\t}\n}\n'
    (tmp_path / "shop_test.go").write_text(f"//go:build slow\n\npackage shop\n\n{test}")
    (tmp_path / "outside_test.go").unlink()
    run = mutate_go(inner, GoTests(folder=tmp_path, packages=("./...",), tags=("slow",)), PATIENT)
    assert {o.status for o in run.outcomes} == {"Killed"}
    assert {o.killed_by for o in run.outcomes} == {"shop_test.go::TestFour"}
    with pytest.raises(CoderError, match="build constraints leave") as caught:
        mutate(file)
    assert caught.value.code == "left_out"


def test_every_start_of_the_tests_can_be_confined(tmp_path: Path) -> None:
    seen: list[Sequence[str]] = []

    def confine(command: Sequence[str], project: Path) -> Sequence[str]:
        seen.append(command)
        assert project == tmp_path
        return ["env", "PROBE=1", *command]

    test = (
        'import ("os"; "testing")\n\nfunc TestIt(t *testing.T) { if os.Getenv("PROBE") != "1" { t.Fatal("free") } }\n'
    )
    mutate(
        module(tmp_path, shop_test=f"package shop\n\n{test}", outside_test="package shop\n"),
        MutationOptions(patience=60.0, sample=1, confine=confine),
    )
    assert len(seen) == 2
