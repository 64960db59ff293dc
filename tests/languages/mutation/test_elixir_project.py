from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from languages.errors import CoderError
from languages.mutation.elixir_engine import mutate_elixir
from languages.mutation.elixir_project import ElixirTests, copy_build
from languages.mutation.options import MutationOptions
from tests.languages.mutation.elixir_projects import BANK, ONCE, PLAIN, TESTS, Files, contents, mutate, outcome, write
from tests.tools import require_tool


def test_the_files_of_a_project(tmp_path: Path) -> None:
    write(tmp_path, PLAIN | {"deps/x/lib/x.ex": "", "_build/y_test.exs": "", "test/cart_test.exs": ""})
    plain = ElixirTests(folder=tmp_path)
    assert [path.name for path in plain.sources()] == ["rates.ex", "shop.ex"]
    assert [path.name for path in plain.files()] == ["cart_test.exs", "shop_test.exs"]
    assert [path.name for path in ElixirTests(folder=tmp_path, patterns=("test/s*.exs",)).files()] == ["shop_test.exs"]
    assert plain.helper() == (tmp_path / "test/test_helper.exs").resolve()
    (tmp_path / "mix.exs").touch()
    assert plain.sources() == []


def test_what_mix_has_compiled_is_copied_with_links_that_still_lead_there(tmp_path: Path) -> None:
    project, build = tmp_path / "project", tmp_path / "scratch" / "build"
    write(project, {"mix.exs": "", "priv/data": "x", "_build/test/lib/bank/ebin/a.beam": "beam"})
    (project / "_build/test/lib/bank/priv").symlink_to("../../../../priv")
    copy_build(project, build)
    assert (build / "lib/bank/ebin/a.beam").read_text() == "beam"
    assert (build / "lib/bank/priv/data").resolve() == (project / "priv/data").resolve()


def test_tests_that_pass_only_once_get_a_fresh_vm(tmp_path: Path) -> None:
    require_tool("elixir")
    run = mutate(write(tmp_path, ONCE), "lib/once.ex")
    assert [(o.mutant.replacement, o.status) for o in run.outcomes] == [("nil", "Killed")]
    assert "is_integer" in (run.outcomes[0].reason or "")


def test_a_mix_project(tmp_path: Path) -> None:
    require_tool("mix")
    run = mutate(write(tmp_path, BANK), "lib/account.ex")
    assert contents(tmp_path) == {tmp_path / name: text.encode() for name, text in BANK.items()}
    assert outcome(run, "def start_link", "2").killed_by == "test/bank_test.exs::BankTest.test what is added stays"
    assert outcome(run, "def init", "nil").reason == "the application does not start"
    assert outcome(run, "def add", "+").status == "Killed"
    assert {o.status for o in run.outcomes} == {"Killed"}


def test_a_mix_project_that_does_not_compile(tmp_path: Path) -> None:
    require_tool("mix")
    write(tmp_path, BANK | {"lib/bad.ex": "defmodule Bad do\n  def f, do: absent()\nend\n"})
    with pytest.raises(CoderError, match="undefined function absent/0") as caught:
        mutate(tmp_path, "lib/account.ex")
    assert caught.value.code == "worker_failed"


@pytest.mark.parametrize(
    ("changed", "code", "sentence"),
    [
        ({"test/shop_test.exs": TESTS.replace("== 8", "== 9")}, "tests_fail", "doubled fails on its own without"),
        ({"test/shop_test.exs": "defmodule ShopTest do\n  use Absent\nend\n"}, "tests_fail", "test/shop_test.exs:2"),
        ({"test/test_helper.exs": 'raise "no helper"\n'}, "tests_fail", "no helper"),
        ({"test/shop_test.exs": "System.halt(7)\n"}, "worker_failed", "exit code 7"),
    ],
)
def test_tests_that_cannot_run(tmp_path: Path, changed: Files, code: str, sentence: str) -> None:
    require_tool("elixir")
    folder = write(tmp_path, PLAIN | changed)
    with pytest.raises(CoderError) as caught:
        mutate(folder, "lib/shop.ex")
    assert caught.value.code == code
    assert sentence in caught.value.message


def no_tests(folder: Path) -> Path:
    (folder / "test/shop_test.exs").unlink()
    return folder / "lib/shop.ex"


def broken(folder: Path) -> Path:
    (folder / "lib/shop.ex").write_text("defmodule Shop do\n")
    return folder / "lib/shop.ex"


def a_script(folder: Path) -> Path:
    return folder / "test/shop_test.exs"


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (no_tests, "no_tests"),
        (broken, "breaks_syntax"),
        (a_script, "outside_project"),
        (lambda folder: folder / "absent.ex", "not_found"),
    ],
)
def test_bad_input(tmp_path: Path, prepare: Callable[[Path], Path], code: str) -> None:
    path = prepare(write(tmp_path, PLAIN))
    with pytest.raises(CoderError) as caught:
        mutate_elixir(path, ElixirTests(folder=tmp_path), MutationOptions())
    assert caught.value.code == code


def test_without_elixir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("languages.workers.beam.find_program", lambda _name: None)
    with pytest.raises(CoderError, match="elixir is not installed") as caught:
        mutate(write(tmp_path, PLAIN), "lib/shop.ex")
    assert caught.value.code == "tool_missing"
