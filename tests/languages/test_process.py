from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from languages.linters.process import ToolFailure, ToolOutput, find_program, run_tool
from tests.languages.fakes import fake_program


def failure(outcome: ToolOutput | ToolFailure) -> ToolFailure:
    assert isinstance(outcome, ToolFailure)
    return outcome


def is_alive(pid: int) -> bool:
    """A zombie, which only waits for its parent, is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_input_output_and_exit_code(tmp_path: Path) -> None:
    program = fake_program(tmp_path, "cat; echo trouble >&2; exit 3")
    assert run_tool([program], text="é\n") == ToolOutput(3, "é\n", "trouble\n")


def test_directory_and_environment(tmp_path: Path) -> None:
    program = fake_program(tmp_path, 'pwd; echo "$COLOUR"')
    output = run_tool([program], directory=tmp_path, environment={"COLOUR": "blue"})
    assert output == ToolOutput(0, f"{tmp_path.resolve()}\nblue\n", "")


def test_large_input_and_output_do_not_block(tmp_path: Path) -> None:
    text = "x" * 3_000_000
    assert run_tool([fake_program(tmp_path, "cat")], text=text) == ToolOutput(0, text, "")


def test_a_tool_that_does_not_read_its_input(tmp_path: Path) -> None:
    assert run_tool([fake_program(tmp_path, "exit 0")], text="x" * 3_000_000) == ToolOutput(0, "", "")


def test_a_missing_tool(tmp_path: Path) -> None:
    outcome = failure(run_tool([tmp_path / "nope"]))
    assert outcome.kind == "missing"
    assert "nope could not be started" in outcome.reason


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("hello")
    assert failure(run_tool([plain])).kind == "missing"


def test_a_name_that_no_system_takes(tmp_path: Path) -> None:
    assert failure(run_tool([fake_program(tmp_path, "exit 0"), "a\0b"])).kind == "crash"


def test_a_tool_that_is_killed(tmp_path: Path) -> None:
    outcome = failure(run_tool([fake_program(tmp_path, "kill -SEGV $$")]))
    assert outcome.kind == "crash"
    assert "SIGSEGV" in outcome.reason


def test_a_tool_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = fake_program(tmp_path, f"sleep 60 & echo $! > {pids}; echo $$ >> {pids}; wait")
    started = time.monotonic()
    outcome = failure(run_tool([program], timeout=0.5))
    assert outcome.kind == "timeout"
    assert "0.5 s" in outcome.reason
    assert time.monotonic() - started < 5
    time.sleep(0.1)
    assert [pid for pid in map(int, pids.read_text().split()) if is_alive(pid)] == []


def test_a_child_that_keeps_the_output_open_counts_as_hanging(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = fake_program(tmp_path, f"sleep 60 & echo $! > {pids}; exit 0")
    assert failure(run_tool([program], timeout=0.5)).kind == "timeout"
    time.sleep(0.1)
    assert not is_alive(int(pids.read_text()))


def test_a_tool_that_prints_without_end_is_stopped(tmp_path: Path) -> None:
    outcome = failure(run_tool([fake_program(tmp_path, "yes")], timeout=20, max_output=100_000))
    assert outcome.kind == "overflow"
    assert "0.1 MB" in outcome.reason


def test_the_tool_is_not_in_our_process_group(tmp_path: Path) -> None:
    output = run_tool([fake_program(tmp_path, "ps -o pgid= -p $$ || cut -d' ' -f5 /proc/$$/stat")])
    assert isinstance(output, ToolOutput)
    assert int(output.stdout.split()[0]) != os.getpgrp()


def test_programs_are_found_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_program(tmp_path, "exit 0").rename(tmp_path / "coder-test-tool")
    assert find_program("coder-test-tool") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program("coder-test-tool") == tmp_path / "coder-test-tool"


def test_signals_without_a_name_are_numbered(tmp_path: Path) -> None:
    number = signal.SIGRTMIN + 1
    assert f"signal {number}" in failure(run_tool([fake_program(tmp_path, f"kill -{number} $$")])).reason
