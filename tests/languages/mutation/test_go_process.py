from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from languages.errors import CoderError
from languages.mutation.go_process import MAX_MEMORY, MAX_OUTPUT, Ended, run_binary


def shell(script: str, folder: Path, *, timeout: float = 60.0, processor_timeout: float = 60.0) -> Ended:
    return run_binary(
        ["sh", "-c", script],
        directory=folder,
        environment={"CHOICE": "7"},
        timeout=timeout,
        processor_timeout=processor_timeout,
    )


def test_what_it_says_and_how_it_ends(tmp_path: Path) -> None:
    passed = shell('echo "$CHOICE in $PWD"; echo aside >&2', tmp_path)
    assert (passed.how, passed.output.decode().split()) == ("passed", ["7", "in", str(tmp_path), "aside"])
    failed = shell("exit 3", tmp_path)
    assert (failed.how, failed.code, failed.failed_test()) == ("failed", 3, None)
    assert failed.reason() == "the test process ended with code 3"


def test_late_processes_and_their_children_are_ended(tmp_path: Path) -> None:
    waits = (shell("sleep 600 & echo $!; sleep 600", tmp_path, timeout=timeout) for timeout in (0.3, 3.0, 60.0))
    ended = next(ended for ended in waits if ended.output)  # a busy machine may need more time to begin
    assert ended.how == "late"
    assert is_gone(int(ended.output))


def test_a_child_that_keeps_the_output_open_ends_with_its_parent(tmp_path: Path) -> None:
    ended = shell("sleep 600 & echo $!", tmp_path)
    assert ended.how == "passed"
    assert is_gone(int(ended.output))


def test_a_process_that_closes_its_output_is_waited_for(tmp_path: Path) -> None:
    assert shell("exec >&- 2>&-; sleep 0.3; exit 5", tmp_path).code == 5
    assert shell("exec >&- 2>&-; sleep 600", tmp_path, timeout=0.3).how == "late"


def test_a_busy_process_is_ended_by_the_time_it_had_a_processor(tmp_path: Path) -> None:
    if not Path("/proc/self/stat").exists():
        pytest.skip("this system does not say how long a process had a processor")
    ended = shell("while :; do :; done", tmp_path, timeout=600, processor_timeout=0.05)
    assert ended.how == "late"
    assert ended.processor_seconds > 0.05


def test_memory_is_limited(tmp_path: Path) -> None:
    if not hasattr(resource, "prlimit") or resource.getrlimit(resource.RLIMIT_AS)[1] != resource.RLIM_INFINITY:
        pytest.skip("this system sets no limit from outside, or has one of its own")
    ended = shell('while [ "$(ulimit -v)" = unlimited ]; do :; done; ulimit -v', tmp_path)
    assert int(ended.output) * 1024 == MAX_MEMORY


def test_endless_output_is_ended(tmp_path: Path) -> None:
    ended = shell("yes", tmp_path)
    assert ended.how == "loud"
    assert MAX_OUTPUT < len(ended.output) < MAX_OUTPUT + 1_000_000


@pytest.mark.parametrize(
    ("output", "test", "reason"),
    [
        ("--- FAIL: TestA (0.00s)\n    a_test.go:9: got 7\nFAIL\n", "TestA", "a_test.go:9: got 7"),
        ("x:1: y\n--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\n        a.go:9: no", "TestA", "a.go:9: no"),
        ("--- FAIL: TestA (0.00s)\npanic: out of range [recovered]\n\nx", "TestA", "panic: out of range [recovered]"),
        ("--- FAIL: ExampleA (0.00s)\ngot:\n1\nwant:\n2\n", "ExampleA", "got: 1"),
        ("fatal error: stack overflow\n\nruntime", None, "fatal error: stack overflow"),
        ("\xff", None, "the test process ended with code 1"),
    ],
)
def test_reasons(output: str, test: str | None, reason: str) -> None:
    ended = Ended("failed", output.encode("latin-1"), 0.0, 0.0, 1)
    assert (ended.failed_test(), ended.reason()) == (test, reason)


def test_a_program_that_is_missing_is_a_typed_error(tmp_path: Path) -> None:
    with pytest.raises(CoderError, match="could not be started"):
        run_binary([tmp_path / "absent"], directory=tmp_path, environment={}, timeout=1)


def is_gone(pid: int) -> bool:
    """Whether the process ends; it may be a zombie that its new parent has not taken yet."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False
