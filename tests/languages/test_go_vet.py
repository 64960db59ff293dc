from __future__ import annotations

from pathlib import Path

import pytest

from languages.finding import Finding
from languages.linters.go_output import errors_of
from languages.linters.go_vet import GoVet
from languages.linters.linter import LintReport
from tests.languages.fakes import TOOLS, apply, fake_program, place
from tests.tools import require_tool

REPORT = (TOOLS / "go-vet/src/report.go").read_text()
PRINTF = 'package shop\n\nimport "fmt"\n\nfunc Show() {\n\tfmt.Printf("é %d\\n", "x")\n}\n'


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module with one clean package that needs two files."""
    (tmp_path / "go.mod").write_text("module example.test/shop\n\ngo 1.21\n")
    (tmp_path / "price.go").write_text("package shop\n\ntype Price int\n")
    (tmp_path / "shop.go").write_text("package shop\n\nfunc Cost() Price { return 3 }\n")
    return tmp_path


def lint(path: Path, text: str) -> LintReport:
    require_tool("go")
    return GoVet().lint(path, text, timeout=120)


def reason(report: LintReport) -> str:
    assert report.findings == ()
    assert report.failure is not None
    assert report.failure.linter == "go vet"
    return report.failure.reason


def recorded(folder: Path, name: str, *, exit_code: int, stream: str = "stdout") -> GoVet:
    """A `go` that prints what the real one printed."""
    redirect = " >&2" if stream == "stderr" else ""
    return GoVet(program=fake_program(folder, f"cat {TOOLS / name}{redirect}; exit {exit_code}"))


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_recorded_report(tmp_path: Path, stream: str) -> None:
    (tmp_path / "go.mod").touch()
    tool = recorded(tmp_path, "go-vet/vet.txt", exit_code=0, stream=stream)
    findings = tool.lint(tmp_path / "report.go", REPORT).findings
    by_check: dict[str, Finding] = {finding.check: finding for finding in findings}
    assert len(findings) == 9
    assert place(by_check["bools"]) == (41, 5, 41, 14)
    assert by_check["bools"].url == "https://pkg.go.dev/golang.org/x/tools/go/analysis/passes/bools"
    assert (by_check["assign"].source, by_check["assign"].severity) == ("go vet", "warning")
    fix = by_check["assign"].fix
    assert fix is not None
    assert apply(REPORT, fix) == REPORT.replace("\trows = rows\n", "")


def test_findings_in_other_files_of_the_package_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "go.mod").touch()
    assert recorded(tmp_path, "go-vet/vet.txt", exit_code=0).lint(tmp_path / "clean.go", "x") == LintReport()


def test_recorded_error_lines() -> None:
    (error,) = errors_of((TOOLS / "go-build/vet_syntax.stderr").read_text())
    assert (error.file, error.line, error.column) == ("./main.go", 6, 29)
    assert error.message == "missing ',' before newline in argument list"
    *_, last = errors_of((TOOLS / "go-build/types.stderr").read_text())
    assert last.message == "too many return values have (number) want ()"


def test_live_uses_the_text_and_not_the_file(module: Path) -> None:
    assert lint(module / "shop.go", (module / "shop.go").read_text()) == LintReport()
    (finding,) = lint(module / "shop.go", PRINTF).findings
    assert finding.check == "printf"
    assert finding.path == str(module / "shop.go")
    assert place(finding) == (6, 16, 6, 18)


def test_live_the_same_text_again_from_another_folder(module: Path) -> None:
    """Go answers from its cache then, with the path of the first run."""
    text = PRINTF.replace("Show", "Again")
    other = module / "copy"
    other.mkdir()
    for name in ("go.mod", "price.go", "shop.go"):
        (other / name).write_text((module / name).read_text())
    places = [[place(f) for f in lint(folder / "shop.go", text).findings] for folder in (module, module, other)]
    assert places == [[(6, 16, 6, 18)]] * 3


def test_live_a_file_that_is_not_saved_yet(module: Path) -> None:
    (finding,) = lint(module / "new.go", PRINTF.replace("Show", "New")).findings
    assert finding.check == "printf"


def test_live_types_come_from_the_whole_package(module: Path) -> None:
    (finding,) = lint(module / "shop.go", "package shop\n\nfunc Cost() Price { return cost }\n").findings
    assert (finding.check, finding.severity, finding.message) == ("compile", "error", "undefined: cost")
    assert place(finding) == (3, 28, 3, 32)


def test_live_an_error_in_another_file_is_a_failure(module: Path) -> None:
    assert "shop.go:3: undefined: Price" in reason(lint(module / "price.go", "package shop\n"))


def test_live_a_file_outside_a_module(tmp_path: Path) -> None:
    (finding,) = lint(tmp_path / "alone.go", PRINTF).findings
    assert finding.check == "printf"


def test_live_the_module_is_not_changed(module: Path) -> None:
    (module / "shop.go").write_text('package shop\n\nimport _ "example.test/absent"\n')
    before = (module / "go.mod").read_text()
    (finding,) = lint(module / "shop.go", (module / "shop.go").read_text()).findings
    assert "no required module provides package" in finding.message
    assert (module / "go.mod").read_text() == before
    assert sorted(file.name for file in module.iterdir()) == ["go.mod", "price.go", "shop.go"]


def test_live_a_broken_module_is_a_failure(module: Path) -> None:
    (module / "go.mod").write_text("module example.test/shop\n\ngo banana\n")
    assert "go.mod:3: invalid go version" in reason(lint(module / "shop.go", PRINTF))


def test_a_missing_go_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "could not be started" in reason(GoVet(program=tmp_path / "nope").lint(Path("a.go"), ""))
    monkeypatch.setattr("languages.linters.go_vet.find_program", lambda name: None)
    assert "install Go" in reason(GoVet().lint(Path("a.go"), ""))


@pytest.mark.parametrize("body", ["echo '{'", "echo '[1]'", "echo hello", """echo '{"p": {"a": [{}]}}'"""])
def test_garbage_is_a_failure(tmp_path: Path, body: str) -> None:
    assert "not its JSON report" in reason(GoVet(program=fake_program(tmp_path, body)).lint(Path("a.go"), ""))


def test_an_unexplained_end_is_a_failure(tmp_path: Path) -> None:
    program = fake_program(tmp_path, "echo 'go: cannot find GOROOT' >&2; exit 2")
    assert "cannot find GOROOT" in reason(GoVet(program=program).lint(Path("a.go"), ""))


def test_a_hanging_go_is_a_failure(tmp_path: Path) -> None:
    program = fake_program(tmp_path, "sleep 60")
    assert "longer than 0.3 s" in reason(GoVet(program=program).lint(Path("a.go"), "", timeout=0.3))
