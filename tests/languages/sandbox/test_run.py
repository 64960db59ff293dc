"""What `run` gives an honest program, and how it refuses what it cannot do."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from languages.errors import CoderError
from languages.sandbox import bubblewrap
from languages.sandbox import run as sandbox
from languages.sandbox.job import Backend
from languages.sandbox.limits import Limits
from languages.sandbox.run import run
from tests.languages.sandbox.conftest import Runner


def test_a_program_gets_its_input_and_files_and_gives_its_output(python: Runner) -> None:
    program = "print(sys.stdin.read() + open('pkg/a.txt').read()); print('oops', file=sys.stderr); sys.exit(3)"
    result = python(program, stdin="one ", files={"pkg/a.txt": "two", "b": b"\xff"})
    assert (result.outcome, result.exit_code) == ("exited", 3)
    assert (result.stdout, result.stderr) == ("one two\n", "oops\n")
    assert not result.truncated


def test_much_input_and_output_pass(python: Runner) -> None:
    result = python("sys.stdout.write(sys.stdin.read())", stdin="x" * 1_000_000)
    assert result.stdout == "x" * 1_000_000


def test_input_that_nobody_reads_is_no_error(python: Runner) -> None:
    assert python("print('done')", stdin="x" * 1_000_000).stdout == "done\n"


def test_a_crash_is_a_signal_and_garbage_is_text(python: Runner) -> None:
    result = python("sys.stdout.buffer.write(b'\\xff\\x00'); sys.stdout.flush(); ctypes.string_at(0)")
    assert (result.outcome, result.exit_code) == ("killed", 128 + 11)
    assert result.stdout == "\ufffd\x00"


def test_the_work_folder_and_the_private_folder_may_be_written(python: Runner) -> None:
    result = python("open('a', 'w'); open(os.environ['TMPDIR'] + '/b', 'w'); print(sorted(os.listdir()))")
    assert result.stdout == "['a']\n"


def test_a_given_folder_is_where_it_starts_and_is_only_read(python: Runner, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    result = python(
        "print(os.getcwd(), open('a.txt').read()); attempt('write', lambda: open('b', 'w'))", files=tmp_path
    )
    assert result.stdout.splitlines()[0] == f"{tmp_path} text"
    assert "write refused" in result.stdout


def test_a_writable_folder_keeps_what_two_runs_write(python: Runner, tmp_path: Path) -> None:
    for _ in range(2):
        assert python("open(sys.argv[1] + '/log', 'a').write('x')", tmp_path, writable=tmp_path).exit_code == 0
    assert (tmp_path / "log").read_text() == "xx"


def test_the_environment_is_what_was_given(python: Runner) -> None:
    result = python("print(*sorted(set(os.environ) - {'PWD', 'LC_CTYPE'}))", environment={"GOFLAGS": "-mod=mod"})
    assert result.stdout.split() == ["GOFLAGS", "HOME", "LANG", "PATH", "TMPDIR"]


def test_threads_and_children_work(python: Runner) -> None:
    program = """
import subprocess, threading
thread = threading.Thread(target=lambda: print(subprocess.run(["echo", "hi"], capture_output=True, text=True).stdout))
thread.start(); thread.join()
"""
    assert python(program).stdout == "hi\n\n"


def test_the_result_names_the_backend(backend: Backend) -> None:
    assert run(["true"], backend=backend).backend == backend.name


@pytest.mark.parametrize("name", ["../a", "/etc/a", "", "a\0b", "x" * 300])
def test_a_file_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(CoderError) as refused:
        run(["true"], files={name: ""})
    assert refused.value.code == "bad_path"


@pytest.mark.parametrize("command", [[], ["no-such-program-here"], ["/no/such/program"], ["ls\0"]])
def test_a_command_that_is_none_is_refused(command: list[str]) -> None:
    with pytest.raises(CoderError):
        run(command)


def test_a_program_outside_of_the_view_is_refused(outside: Path) -> None:
    program = outside / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    with pytest.raises(CoderError, match="readable"):
        run([program])


@pytest.mark.parametrize("place", [Path("/"), Path.home(), Path("/no/such/folder")])
def test_a_folder_that_shows_too_much_or_is_none_is_refused(place: Path) -> None:
    with pytest.raises(CoderError):
        run(["true"], readable=(place,))


@pytest.mark.parametrize("limits", [{"seconds": 0}, {"seconds": float("nan")}, {"processes": -1}, {"cpu_seconds": 1.5}])
def test_a_limit_that_is_none_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(CoderError, match=next(iter(limits))):
        Limits(**limits)  # type: ignore[arg-type]


def test_a_bubblewrap_that_is_refused_gives_way_to_landlock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(sandbox, "landlock_level", lambda: 6)
    assert bubblewrap.refusal() == "bwrap is refused (bwrap: No permissions to create a new namespace)"
    assert sandbox.usable_backend.__wrapped__().name == "landlock"


def test_with_nothing_to_confine_it_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sandbox, "landlock_level", lambda: 0)
    with pytest.raises(CoderError, match="bwrap"):
        sandbox.usable_backend.__wrapped__()


def test_another_system_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    with pytest.raises(CoderError, match="Darwin"):
        sandbox.usable_backend.__wrapped__()
