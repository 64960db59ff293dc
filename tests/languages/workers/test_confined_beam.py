"""Code in a confined VM really tries; what it must not reach is looked at from outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from languages.compiling import check_snippet
from languages.frameworks.confined import run_confined
from languages.frameworks.ex_unit import ExUnit
from languages.frameworks.framework import TestRun
from languages.linters.process import ToolFailure
from languages.sandbox import bubblewrap
from languages.sandbox.bubblewrap import Bubblewrap
from languages.sandbox.job import Backend
from languages.sandbox.landlock import Landlock, landlock_level
from languages.sandbox.limits import MIB, Limits
from languages.workers import beam
from languages.workers.beam import BeamWorker
from languages.workers.launching import launch_confined
from tests.tools import missing, require_tool

SCRIPTS = (Path(beam.__file__).parent,)


def backends() -> dict[str, Backend | str]:
    """Each way to confine, or why this machine has it not."""
    refusal, level = bubblewrap.refusal(), landlock_level()
    return {
        "bubblewrap": Bubblewrap() if refusal is None else refusal,
        "landlock": Landlock(level) if level else "this kernel has no Landlock",
    }


@pytest.fixture(params=["bubblewrap", "landlock"], scope="module")
def backend(request: pytest.FixtureRequest) -> Backend:
    found = backends()[request.param]
    return missing(found) if isinstance(found, str) else found


@pytest.fixture(scope="module")
def worker(backend: Backend) -> Iterator[BeamWorker]:
    require_tool("elixir")
    with BeamWorker(launch=launch_confined(SCRIPTS, backend=backend)) as worker:
        yield worker


def said(worker: BeamWorker, code: str) -> str:
    answer = worker.ask("compile", "script.ex", code, timeout=120)
    assert not isinstance(answer, ToolFailure), answer
    return str(answer["output"])


def test_it_answers_and_stays(worker: BeamWorker) -> None:
    assert said(worker, "IO.write(1 + 1)") == "2"
    first = worker.pid
    assert said(worker, "IO.write(2 + 2)") == "4"
    assert worker.pid == first


def test_files_of_the_user_are_not_there(worker: BeamWorker, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o666)
    code = f'IO.inspect([File.read("{secret}"), File.write("{secret}", "x"), File.ls("{Path.home()}")])'
    printed = said(worker, code)
    assert printed.count("error: :e") == 3, printed
    assert secret.read_text() == "secret"


def test_the_network_is_gone(worker: BeamWorker) -> None:
    code = "IO.inspect(:gen_tcp.connect({1, 1, 1, 1}, 53, [], 2000))"
    assert said(worker, code).startswith("{:error, ")


def test_the_environment_is_not_ours(worker: BeamWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODER_TEST_SECRET", "1")
    worker.close()
    assert said(worker, 'IO.inspect(System.get_env("CODER_TEST_SECRET"))') == "nil\n"


def test_our_own_process_cannot_be_killed(worker: BeamWorker) -> None:
    said(worker, f'System.cmd("sh", ["-c", "kill -9 {os.getpid()}"], stderr_to_stdout: true)')
    assert said(worker, "IO.write(:alive)") == "alive"


def test_memory_of_programs_that_it_starts_is_limited(backend: Backend) -> None:
    require_tool("elixir")
    limits = Limits(memory_bytes=200 * MIB, address_bytes=6144 * MIB, processes=512, cpu_seconds=600)
    bomb = 'System.cmd("sh", ["-c", "x=aaaaaaaa; while :; do x=$x$x; done"])'
    with BeamWorker(launch=launch_confined(SCRIPTS, backend=backend, limits=limits)) as worker:
        answer = worker.ask("compile", "script.ex", bomb, timeout=120)
        assert isinstance(answer, ToolFailure)
        assert answer.kind == "crash"
        assert said(worker, "IO.write(:alive)") == "alive"


def test_closing_leaves_nothing(backend: Backend, tmp_path: Path) -> None:
    require_tool("elixir")
    with BeamWorker(launch=launch_confined(SCRIPTS, backend=backend)) as worker:
        said(worker, 'spawn(fn -> System.cmd("sleep", ["297.25"]) end)\nProcess.sleep(200)')
        pid = worker.pid
    assert not Path(f"/proc/{pid}").exists()
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _readable(path)]
    assert not any(b"297.25" in command for command in commands)


def test_tests_of_a_confined_run_have_coverage(tmp_path: Path) -> None:
    require_tool("elixir")
    (tmp_path / "cart.ex").write_text("defmodule Cart do\n  def total(n), do: 3 * n\nend\n")
    (tmp_path / "cart_test.exs").write_text(
        "defmodule CartTest do\n  use ExUnit.Case\n"
        f'  test "total" do\n    assert Cart.total(1) == 3\n    File.write("{tmp_path}/ran", "")\n  end\nend\n'
    )
    tmp_path.chmod(0o777)
    report = ExUnit().run(TestRun(directory=tmp_path, coverage=True, runner=run_confined))
    if report.failure is not None and report.failure.kind == "missing":
        missing(report.failure.reason)
    assert [result.outcome for result in report.results] == ["passed"]
    assert report.coverage["cart.ex"].covered == {1}
    assert not (tmp_path / "ran").exists()


def test_compiling_a_snippet_is_confined(tmp_path: Path) -> None:
    require_tool("elixir")
    tmp_path.chmod(0o777)
    verdict = check_snippet("elixir", f'File.write("{tmp_path}/ran", "")\n', timeout=120)
    if verdict.failure is not None and verdict.failure.kind == "missing":
        missing(verdict.failure.reason)
    assert verdict.passes
    assert not (tmp_path / "ran").exists()


def _readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True
