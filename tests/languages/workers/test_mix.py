from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from languages.linters import mix_project
from languages.linters.mix_project import MixTool, mix_tool
from languages.linters.process import ToolFailure, ToolOutput
from languages.workers.mix import MixWorkers
from tests.tools import require_tool

PROJECT = """defmodule Shop.MixProject do
  use Mix.Project
  def project, do: [app: :shop, version: "0.1.0", deps: [{:judge, path: "deps/judge", runtime: false}]]
end
"""
DEPENDENCY = """defmodule Judge.MixProject do
  use Mix.Project
  def project, do: [app: :judge, version: "0.1.0"]
end
"""
TASK = """defmodule Mix.Tasks.Judge do
  use Mix.Task
  @requirements ["loadpaths"]

  def run(["echo" | words]) do
    IO.puts("#{IO.read(:stdio, :eof) |> String.upcase()} #{Enum.join(words, "+")} #{System.get_env("CODER_TEST_USER")}")
    IO.puts(:stderr, "a warning")
  end

  def run(["code", code]), do: exit({:shutdown, String.to_integer(code)})
  def run(["raise"]), do: raise("no verdict")
  def run(["crash"]), do: Task.await(Task.async(fn -> raise("no verdict") end))
  def run(["halt"]), do: System.halt(3)
  def run(["sleep"]), do: Process.sleep(:infinity)
  def run(["pid"]), do: IO.write(System.pid())

  def run(["leave"]) do
    IO.inspect(Process.whereis(:left))
    spawn(fn -> Process.register(self(), :left) && Process.sleep(:infinity) end)
    Process.sleep(100)
  end
end
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_tool("elixir")
    root = tmp_path_factory.mktemp("shop")
    for name, text in {
        "mix.exs": PROJECT,
        "lib/shop.ex": "defmodule Shop do\nend\n",
        "deps/judge/mix.exs": DEPENDENCY,
        "deps/judge/lib/mix/tasks/judge.ex": TASK,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture(scope="module")
def workers() -> Iterator[MixWorkers]:
    workers = MixWorkers()
    yield workers
    workers.close()


def judged(workers: MixWorkers, project: Path, *arguments: str, text: str = "", timeout: float = 120) -> ToolOutput:
    output = workers.run(project, "judge", arguments, text=text, timeout=timeout)
    assert isinstance(output, ToolOutput), output
    return output


def test_a_task_sees_its_input_arguments_and_environment(
    workers: MixWorkers, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODER_TEST_USER", "me")
    output = judged(workers, project, "echo", "a", "b", text="text é")
    assert output.stdout.splitlines()[-1] == "TEXT É a+b me"
    assert (output.exit_code, output.stderr.splitlines()[-1]) == (0, "a warning")
    assert judged(workers, project, "echo", text="next").stdout.startswith("NEXT")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [(("code", "20"), 20, ""), (("raise",), 1, "(RuntimeError) no verdict"), (("crash",), 1, "no verdict")],
)
def test_how_a_task_ends(workers: MixWorkers, project: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    first = judged(workers, project, "pid").stdout
    output = judged(workers, project, *arguments)
    assert output.exit_code == code
    assert said in output.stderr
    assert judged(workers, project, "pid").stdout == first


def test_nothing_of_a_task_is_left_for_the_next(workers: MixWorkers, project: Path) -> None:
    assert [judged(workers, project, "leave").stdout for _ in range(2)] == ["nil\n", "nil\n"]


def test_a_task_that_ends_the_vm_is_a_crash_and_the_next_has_a_new_one(workers: MixWorkers, project: Path) -> None:
    failure = workers.run(project, "judge", ["halt"], timeout=120)
    assert isinstance(failure, ToolFailure)
    assert failure.kind == "crash"
    assert judged(workers, project, "code", "0").exit_code == 0


def test_a_task_without_end_is_stopped(workers: MixWorkers, project: Path) -> None:
    pid = int(judged(workers, project, "pid").stdout)
    failure = workers.run(project, "judge", ["sleep"], timeout=0.5)
    assert failure == ToolFailure("timeout", "mix judge took longer than 0.5 s and was stopped")
    assert not Path(f"/proc/{pid}").exists()


def test_a_changed_project_has_a_new_vm(workers: MixWorkers, project: Path) -> None:
    first = judged(workers, project, "pid").stdout
    os.utime(project / "mix.exs", ns=(1, 1))
    assert judged(workers, project, "pid").stdout != first


def test_only_the_last_projects_are_kept(workers: MixWorkers, project: Path, tmp_path: Path) -> None:
    first = judged(workers, project, "pid").stdout
    for number in range(2):
        root = tmp_path / str(number)
        root.mkdir()
        (root / "mix.exs").write_text(f"raise {number}")
        assert isinstance(workers.run(root, "judge", ["pid"], timeout=120), ToolFailure)
    assert not Path(f"/proc/{first}").exists()


def test_a_tool_that_ends_the_vm_is_run_by_itself(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = mix_tool("judge", project / "lib" / "shop.ex")
    assert tool is not None
    workers = MixWorkers()
    monkeypatch.setattr(mix_project, "MIX_WORKERS", workers)
    halted = tool.run(["halt"], timeout=120)
    echoed = tool.run(["echo", "x"], text="in", timeout=120)
    workers.close()
    assert isinstance(halted, ToolOutput)
    assert halted.exit_code == 3
    assert isinstance(echoed, ToolOutput)
    assert echoed.stdout.startswith("IN x")


def test_a_program_of_its_own_is_started(tmp_path: Path) -> None:
    output = MixTool(("cat",), tmp_path).run([], text="in")
    assert output == ToolOutput(0, "in", "")
