from __future__ import annotations

from pathlib import Path

import pytest

from languages.linters import go_module
from languages.linters.go_module import module_root, module_tool, package_with, tool_command
from languages.linters.process import ToolOutput, run_tool
from tests.languages.fakes import fake_program
from tests.tools import require_tool

USER = 'package a\n\nimport "example.test/shop/internal/x"\n\nfunc A() int { return x.X() }\n'


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A module with packages beside, above and below each other, and a replacement next to it."""
    root = tmp_path / "shop"
    for folder in ("a/b", "internal/x", ".git"):
        (root / folder).mkdir(parents=True)
    (root / "go.mod").write_text(
        "module example.test/shop\n\ngo 1.21\n\nrequire example.test/other v0.0.0\n\n"
        "replace example.test/other => ../other\n\ntool example.test/lint/cmd/lint\n"
    )
    (root / "a/a.go").write_text("package a\n")
    (root / "a/data.txt").write_text("data")
    (root / "a/b/b.go").write_text("package b\n\nfunc B() int { return 2 }\n")
    (root / "internal/x/x.go").write_text("package x\n\nfunc X() int { return 1 }\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/go.mod").write_text("module example.test/other\n\ngo 1.21\n")
    (tmp_path / "other/other.go").write_text("package other\n\nfunc O() int { return 3 }\n")
    return root


def vet(path: Path, text: str) -> ToolOutput:
    go = require_tool("go")
    with package_with(path, text) as package:
        output = run_tool([go, "vet", "."], directory=package.directory, environment=package.environment, timeout=120)
    assert isinstance(output, ToolOutput)
    return output


def test_a_saved_text_is_judged_in_place(module: Path) -> None:
    with package_with(module / "a/a.go", "package a\n") as package:
        assert package.directory == module / "a"


def test_an_unsaved_text_is_judged_in_a_copy(module: Path) -> None:
    with package_with(module / "a/a.go", USER) as package:
        assert package.directory.parts[-2:] == ("module", "a")
        assert (package.directory / "a.go").read_text() == USER
        assert not (package.directory.parent / ".git").exists()
        assert f"=> {module.parent / 'other'}\n" in (package.directory.parent / "go.mod").read_text()
    assert not package.directory.exists()
    assert (module / "a/a.go").read_text() == "package a\n"


def test_live_the_copy_has_the_whole_module(module: Path) -> None:
    text = (
        'package a\n\nimport (\n\t_ "embed"\n\n\t"example.test/other"\n\t"example.test/shop/a/b"\n'
        '\t"example.test/shop/internal/x"\n)\n\n//go:embed data.txt\nvar S string\n\n'
        "func A() int { return b.B() + x.X() + other.O() + nothing }\n"
    )
    output = vet(module / "a/a.go", text)
    assert output.exit_code == 1
    assert "a.go:14:51: undefined: nothing" in output.stderr
    assert vet(module / "a/a.go", text.replace(" + nothing", "")).exit_code == 0


def test_live_a_file_in_a_folder_that_does_not_exist_yet(module: Path) -> None:
    assert vet(module / "new/new.go", USER.replace("package a", "package new")).exit_code == 0
    assert not (module / "new").exists()


def test_live_a_file_outside_every_module(tmp_path: Path) -> None:
    assert module_root(tmp_path / "alone.go") is None
    assert "undefined: x" in vet(tmp_path / "alone.go", "package main\n\nfunc main() { x() }\n").stderr


def test_the_version_that_the_module_names_comes_first(module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = fake_program(module, "exit 0")
    monkeypatch.setattr(go_module, "find_program", lambda name: Path("/go") if name == "go" else program)
    package = "example.test/lint/cmd/lint"
    assert tool_command("lint", package, module / "a/a.go") == [Path("/go"), "tool", "lint"]
    assert tool_command("lint", "example.test/required", module / "a/a.go") == [program]
    assert not module_tool(module / "a/a.go", "example.test/other")
    monkeypatch.setattr(go_module, "find_program", lambda name: None)
    assert tool_command("lint", package, module / "a/a.go") is None


def test_a_block_of_tools(module: Path) -> None:
    (module / "go.mod").write_text("module m\n\ntool (\n\texample.test/one\n\texample.test/two // why\n)\n")
    assert [module_tool(module / "a.go", f"example.test/{name}") for name in ("one", "two", "three")] == [
        True,
        True,
        False,
    ]


def test_where_go_install_puts_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    program = fake_program(tmp_path / "bin", "exit 0")
    monkeypatch.setenv("GOPATH", str(tmp_path))
    monkeypatch.delenv("GOBIN", raising=False)
    assert go_module.installed_tool("tool") == program
