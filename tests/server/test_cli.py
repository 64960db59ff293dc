"""The command as a process of its own: what it prints, where, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from server.serving import listen
from tests.server.harness import wait_until

COMMAND = [sys.executable, "-c", "from server.cli import main; main()"]

#: The command with a scripted engine in the place of llama.cpp's.
SCRIPTED = """
import sys, time
import inference.models
from inference.engine.scripted import ScriptedEngine

def open_engine(model, *, context_length=None):
    time.sleep(float(model or 0))
    return ScriptedEngine("x" * 10_000, delay=0.02)

inference.models.open_engine = open_engine
from server.cli import main
main()
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_help_has_examples() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "coder-serve --model ~/models/coder.gguf --port 9000" in done.stdout
    assert "--api-key-file" in done.stdout


def refused(*arguments: str) -> str:
    """The one sentence with which the command refuses `arguments`."""
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


def test_a_taken_port() -> None:
    with closing(listen("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert re.search(f"port {port} .* taken .* --port \\d+", refused("--port", str(port)))


def test_a_missing_model(tmp_path: Path) -> None:
    assert "none.gguf" in refused("--model", str(tmp_path / "none.gguf"), "--port", "0")


def test_a_missing_key_file(tmp_path: Path) -> None:
    assert "one key a line" in refused("--api-key-file", str(tmp_path / "none"), "--port", "0")


def test_an_impossible_port() -> None:
    assert "65535" in refused("--port", "70000")


class Process:
    """The scripted server as a process; `errors` is what it has said so far."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._log = folder / "stderr"
        with self._log.open("wb") as log:
            command = [sys.executable, "-c", SCRIPTED, "--port", "0", *arguments]
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        wait_until(lambda: "open http" in self.errors, 20)
        self.url = re.search(r"open (http://\S+)", self.errors)[1]  # type: ignore[index]

    @property
    def errors(self) -> str:
        return self._log.read_text("utf-8")

    def end(self, number: signal.Signals) -> int:
        os.kill(self.process.pid, number)
        return self.process.wait(timeout=15)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_also_in_the_middle_of_an_answer(tmp_path: Path, number: signal.Signals) -> None:
    server = Process(tmp_path)
    wait_until(lambda: httpx.get(f"{server.url}/health").status_code == 200)
    body = {"messages": [{"role": "user", "content": "Hello"}], "stream": True}
    with httpx.stream("POST", f"{server.url}/v1/chat/completions", json=body) as response:
        lines = response.iter_lines()
        next(lines)
        assert server.end(number) == 0
        assert '"code":"cancelled"' in "".join(lines)
    assert server.errors.endswith("coder-serve: stopped\n")
    assert "Traceback" not in server.errors


def test_a_signal_ends_it_while_the_model_loads(tmp_path: Path) -> None:
    server = Process(tmp_path, "--model", "60")
    wait_until(lambda: httpx.get(f"{server.url}/health").status_code == 503)
    assert server.end(signal.SIGINT) == 0
    assert server.errors.endswith("coder-serve: stopped\n")


def test_listening_to_the_world_without_keys_is_warned_of(tmp_path: Path) -> None:
    server = Process(tmp_path, "--host", "0.0.0.0")
    assert "warning" in server.errors
    assert "--api-key-file" in server.errors
    wait_until(lambda: httpx.get(f"{server.url}/health").status_code == 200)
    assert server.end(signal.SIGTERM) == 0
