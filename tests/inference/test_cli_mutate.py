from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from inference.cli.door import application, run
from inference.cli.mutate import _say, mutate
from languages.mutation.results import MutationRun

SHOP = "def price(n):\n    if n > 10:\n        return n - 1\n    return n\n"
TESTS = "from shop import price\n\n\ndef test_price():\n    assert price(2) == 2\n    assert price(20) == 19\n"


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def coder(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    """Run `coder mutate ARGUMENTS` in a directory with a small project."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("CODER_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    Path("pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    Path("shop.py").write_text(SHOP)
    Path("test_shop.py").write_text(TESTS)
    _say.cache_clear()
    app = application("Coder.")
    app.command("mutate")(mutate)
    app.callback()(lambda: None)

    def call(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["coder", "mutate", *arguments])
        with pytest.raises(SystemExit) as ended:
            run(app, "coder")
        captured = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, captured.out, captured.err)

    return call


def test_survivors_score_and_report(coder: Any) -> None:
    done = coder("shop.py", "--no-confine", "--json", "report.json")
    assert done.code == 0
    assert "-    if n > 10:\n+    if n >= 10:" in done.out
    assert "shop.py: 7" in done.out.splitlines()[-1]
    assert "survived" in done.out.splitlines()[-1]
    report = json.loads(Path("report.json").read_text())
    assert list(report["files"]) == ["shop.py"]
    assert coder("shop.py", "--no-confine", "--threshold", "99").code == 1


def test_a_sample_is_the_same_for_the_same_seed(coder: Any) -> None:
    arguments = ("shop.py", "--no-confine", "--no-cache", "--sample", "2", "--parallel", "1")
    assert coder(*arguments).out == coder(*arguments).out
    assert "(2 " in coder(*arguments).out or "(1 " in coder(*arguments).out


def test_warming_up_is_quiet_and_fills_the_cache(coder: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    done = coder(".", "--warm-up")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert len(list((tmp_path / "cache/mutation").iterdir())) == 1  # the test file is not mutated
    monkeypatch.setattr("languages.mutation.engine.mutate_python", None)
    assert coder("shop.py").code == 0


def test_a_decision_about_the_sandbox_is_said(coder: Any) -> None:
    done = coder("shop.py", "--sample", "1")
    assert done.code == 0
    assert "in the sandbox" in done.err or "with your rights" in done.err
    Path("cart.go").write_text("package cart\n")
    refused = coder("cart.go", "--confine")
    assert refused.code == 2
    assert "leave --confine out" in refused.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("absent.py",), "absent.py does not exist"),
        (("empty",), "there is no Elixir, Go or Python file to change in empty"),
        (("notes.txt",), "is no Elixir, Go or Python file"),
        (("broken.py",), "broken.py: "),
        (("shop.py", "--tests", "test_wrong.py"), "fails without any mutant"),
        (("shop.py", "--json", "absent/report.json"), "absent/report.json cannot be written"),
        (("shop.py", "--sample", "0"), "Invalid value for '--sample'"),
    ],
)
def test_wrong_use(coder: Any, arguments: tuple[str, ...], said: str) -> None:
    Path("empty").mkdir()
    Path("notes.txt").write_text("notes")
    Path("broken.py").write_text("def f(:\n")
    Path("test_wrong.py").write_text("import shop\n\ndef test_it():\n    assert shop.price(1) == 9\n")
    done = coder(*arguments, "--no-confine")
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_one_bad_file_does_not_stop_the_others(coder: Any) -> None:
    Path("broken.py").write_text("def f(:\n")
    done = coder("broken.py", "shop.py", "--no-confine")
    assert done.code == 2
    assert "shop.py: 7" in done.out


def test_stopping_keeps_what_was_done(coder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("other.py").write_text(SHOP)

    def stops(path: Path, *arguments: object) -> MutationRun:
        if path.name == "other.py":
            raise KeyboardInterrupt
        return MutationRun(str(path), "python", SHOP, 0, ())

    monkeypatch.setattr("languages.mutation.engine.mutate_python", stops)
    done = coder("shop.py", "other.py", "--no-confine", "--no-cache", "--json", "report.json")
    assert done.code == 130
    assert "stopped after 1 of 2 files" in done.err
    assert list(json.loads(Path("report.json").read_text())["files"]) == ["shop.py"]


def test_importing_the_command_imports_no_engine() -> None:
    program = "import sys, inference.cli.mutate; print([n for n in sys.modules if n.startswith('languages.')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_files_that_are_only_judged_with_a_language_are_not_changed(coder: Any) -> None:
    Path("page.html.heex").write_text("<p><%= raw @name %></p>\n")
    Path("mix.lock").write_text("%{}\n")
    done = coder(".", "--no-confine")
    assert done.code == 0
    assert "heex" not in done.err + done.out
