from __future__ import annotations

from pathlib import Path

import pytest

from languages.linters import mix_project
from languages.linters.credo import Credo
from languages.linters.mix_project import MixTool, json_in, mix_tool, project_roots
from languages.linters.process import ToolOutput
from languages.linters.sobelow import Sobelow


@pytest.fixture
def umbrella(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An umbrella that depends on Credo, with one application; `mix` is installed, no escript is."""
    for name in ("mix.exs", "apps/shop/mix.exs", "deps/credo/mix.exs"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(mix_project, "find_program", lambda name: Path("/mix") if name == "mix" else None)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_nearest_project_comes_first(umbrella: Path) -> None:
    assert [*project_roots(umbrella / "apps/shop/lib/a.ex")][:2] == [umbrella / "apps/shop", umbrella]


def test_a_tool_of_the_project(umbrella: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mix_tool("credo", umbrella / "apps/shop/lib/a.ex") == MixTool((Path("/mix"), "credo"), umbrella)
    assert mix_tool("sobelow", umbrella / "apps/shop/lib/a.ex") is None
    monkeypatch.chdir(umbrella)
    assert (Credo().executable(), Sobelow().executable()) == (Path("/mix"), None)


def test_an_escript_serves_projects_without_the_tool(umbrella: Path) -> None:
    program = umbrella / ".mix/escripts/sobelow"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert mix_tool("sobelow", umbrella / "apps/shop/lib/a.ex") == MixTool((program,), umbrella / "apps/shop")
    assert mix_tool("sobelow", Path("/alone.exs")) == MixTool((program,), Path("/"))


@pytest.mark.parametrize(
    ("stdout", "expected"),
    [("{}", "{}"), ("Compiling 1 file\n{\n}\n", "{\n}\n"), ("", None), ("Generated {app}", None)],
)
def test_the_report_in_the_output(stdout: str, expected: str | None) -> None:
    assert json_in(ToolOutput(0, stdout, "")) == expected
