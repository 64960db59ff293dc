from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from languages.errors import CoderError
from languages.linters.process import ToolFailure
from languages.sandbox.job import Confined
from languages.workers.beam import BeamLimits, BeamWorker
from languages.workers.launching import launch_unconfined
from tests.languages.fakes import fake_program
from tests.tools import require_tool


@pytest.fixture(scope="module")
def worker() -> Iterator[BeamWorker]:
    require_tool("elixir")
    with BeamWorker() as worker:
        yield worker


def answered(answer: Mapping[str, Any] | ToolFailure) -> Mapping[str, Any]:
    assert not isinstance(answer, ToolFailure), answer
    return answer


def failed(answer: Mapping[str, Any] | ToolFailure) -> ToolFailure:
    assert isinstance(answer, ToolFailure), answer
    return answer


def run(worker: BeamWorker, code: str, timeout: float = 60.0) -> Mapping[str, Any] | ToolFailure:
    """Compiling a script runs it."""
    return worker.ask("compile", "script.ex", code, timeout=timeout)


def lives(worker: BeamWorker) -> bool:
    return bool(answered(run(worker, 'IO.puts("alive")', timeout=60))["output"] == "alive\n")


def test_nothing_starts_before_the_first_question(worker: BeamWorker) -> None:
    assert BeamWorker().pid is None
    assert lives(worker)
    first = worker.pid
    assert lives(worker)
    assert worker.pid == first


def test_what_code_prints_is_collected(worker: BeamWorker) -> None:
    assert answered(run(worker, 'IO.puts("é")\nIO.write("x")'))["output"] == "é\nx"


def test_endless_prints_are_cut(worker: BeamWorker) -> None:
    output = answered(run(worker, 'for _ <- 1..1000, do: IO.puts(String.duplicate("é", 1000))'))["output"]
    assert 199_000 < len(output.encode()) <= 200_000


def test_code_that_reads_gets_nothing(worker: BeamWorker) -> None:
    assert answered(run(worker, 'IO.inspect(IO.gets("name? "))'))["output"] == ":eof\n"


def test_direct_prints_do_not_reach_the_protocol(worker: BeamWorker) -> None:
    assert answered(run(worker, 'IO.puts(:user, "raw")\nIO.puts(:stderr, "raw")'))["output"] == ""
    assert lives(worker)


@pytest.mark.parametrize("code", ["System.halt(0)", ":erlang.halt(:abort)"])
def test_code_that_ends_the_vm(worker: BeamWorker, code: str) -> None:
    failure = failed(run(worker, code))
    assert failure.kind == "crash"
    assert "the Erlang VM ended early" in failure.reason
    assert lives(worker)


@pytest.mark.parametrize("code", ["Process.sleep(:infinity)", "Stream.cycle([1]) |> Stream.run()"])
def test_code_without_end_is_stopped(worker: BeamWorker, code: str) -> None:
    assert lives(worker)
    first = worker.pid
    assert first is not None
    failure = failed(run(worker, code, timeout=0.5))
    assert failure.kind == "timeout"
    assert "0.5 s" in failure.reason
    assert not Path(f"/proc/{first}").exists()
    assert lives(worker)


def test_memory_without_end(worker: BeamWorker) -> None:
    answer = run(worker, "defmodule Grow do\n  def list(l, n), do: list([n | l], n + 1)\nend\nGrow.list([], 0)")
    assert "killed" in answered(answer)["diagnostics"][0]["message"]
    assert failed(run(worker, 'String.duplicate("x", 20_000_000_000)')).kind == "crash"
    assert lives(worker)


@pytest.mark.slow
def test_atoms_without_end(worker: BeamWorker) -> None:
    failure = failed(run(worker, 'for i <- 1..2_000_000, do: String.to_atom("a#{i}")'))
    assert "atom" in failure.reason
    assert lives(worker)


def test_code_that_kills_its_process(worker: BeamWorker) -> None:
    assert "diagnostics" in answered(run(worker, "Process.exit(self(), :kill)"))
    assert lives(worker)


def test_nothing_of_one_request_is_left_for_the_next(worker: BeamWorker) -> None:
    process = "spawn(fn -> Process.register(self(), :left); Process.sleep(:infinity) end)"
    answered(run(worker, f"defmodule Left do\n  def over, do: 1\nend\n{process}"))
    after = 'IO.inspect({Code.ensure_loaded?(Left), Process.whereis(:left), File.ls!(".")})'
    assert answered(run(worker, after))["output"] == '{false, nil, ["script.ex"]}\n'


def test_the_environment_of_the_user_is_not_there(worker: BeamWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODER_TEST_SECRET", "1")
    worker.close()
    assert answered(run(worker, 'IO.inspect(System.get_env("CODER_TEST_SECRET"))'))["output"] == "nil\n"


def test_a_vm_is_replaced_after_so_many_requests() -> None:
    require_tool("elixir")
    with BeamWorker(limits=BeamLimits(requests=2)) as worker:
        for number in (1, 2, 1):
            assert answered(worker.ask("parse", "x"))["number"] == number


@pytest.mark.parametrize("limits", [BeamLimits(memory=1), BeamLimits(atoms=1)])
def test_a_vm_that_has_grown_is_replaced(limits: BeamLimits) -> None:
    require_tool("elixir")
    with BeamWorker(limits=limits) as worker:
        answered(worker.ask("parse", "x"))
        assert worker.pid is None


def test_closing_ends_the_vm_and_removes_its_folder() -> None:
    require_tool("elixir")
    worker = BeamWorker()
    home = Path(answered(run(worker, 'IO.write(System.get_env("HOME"))'))["output"])
    pid = worker.pid
    assert home.is_dir()
    worker.close()
    assert not home.exists()
    assert not Path(f"/proc/{pid}").exists()
    worker.close()


def test_threads_take_turns(worker: BeamWorker) -> None:
    texts: list[str] = []

    def ask(number: int) -> None:
        texts.append(answered(worker.ask("format", f"x   =   {number}"))["text"])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts) == sorted(f"x = {number}\n" for number in range(20))


def test_a_launcher_that_is_not_there(tmp_path: Path) -> None:
    def launch(command: Sequence[str], environment: Mapping[str, str]) -> Confined:
        return launch_unconfined(["/no/such/program", *command], environment)

    with BeamWorker(fake_program(tmp_path, "exit 0"), launch=launch) as worker:
        assert failed(worker.ask("parse", "x")).kind == "missing"


def test_a_sandbox_that_is_not_there(tmp_path: Path) -> None:
    def launch(command: Sequence[str], environment: Mapping[str, str]) -> Confined:
        raise CoderError("Unknown code cannot be confined here; install bubblewrap", code="no_sandbox")

    with BeamWorker(fake_program(tmp_path, "exit 0"), launch=launch) as worker:
        failure = failed(worker.ask("parse", "x"))
    assert (failure.kind, failure.reason) == ("missing", "Unknown code cannot be confined here; install bubblewrap")


def test_no_elixir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert failed(BeamWorker().ask("parse", "x")).kind == "missing"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("exit 3", "crash"),
        ("echo why >&2; exit 1", "crash"),
        ("sleep 60", "timeout"),
        (r"printf '\000\000\000\003{x}' >&4; sleep 60", "crash"),
        (r"printf '\177\377\377\377' >&4; sleep 60", "overflow"),
        (r"""printf '\000\000\000\015{"number":"9"}' >&4; sleep 60""", "crash"),
        (r"""printf '\000\000\000\015{"number":"1"}' >&4; sleep 60""", "crash"),
    ],
)
def test_an_elixir_that_behaves_badly(tmp_path: Path, body: str, kind: str) -> None:
    with BeamWorker(fake_program(tmp_path, body)) as worker:
        assert failed(worker.ask("parse", "x", timeout=1)).kind == kind
        assert worker.pid is None


def test_an_elixir_that_does_not_read(tmp_path: Path) -> None:
    with BeamWorker(fake_program(tmp_path, "sleep 60")) as worker:
        assert failed(worker.ask("parse", "x" * 1_000_000, timeout=0.3)).kind == "timeout"


def test_a_large_text_goes_through(worker: BeamWorker) -> None:
    assert answered(worker.ask("parse", "x = 1\n" * 20_000, timeout=60))["diagnostics"] == []
    assert os.getpgrp() != worker.pid
