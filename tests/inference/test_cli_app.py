from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = "import sys; from inference.cli.app import main; sys.argv[0] = 'coder'; main()"


def coder(*words: str, given: str | bytes = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `coder WORDS` as a shell would, its standard input a pipe."""
    data = given.encode() if isinstance(given, str) else given
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        input=data,
        capture_output=True,
        env=os.environ | environment,
        check=False,
    )
    return subprocess.CompletedProcess(words, result.returncode, result.stdout.decode(), result.stderr.decode())


def test_one_answer_goes_to_stdout_and_nothing_else() -> None:
    result = coder("chat", "Write a Python function that adds two numbers.", "--seed", "1", "--max-tokens", "24")
    assert result.returncode == 0
    assert "def " in result.stdout
    assert "Write a Python function" not in result.stdout


def test_the_same_seed_gives_the_same_answer_and_a_pipe_is_read() -> None:
    words = ("--seed", "7", "--max-tokens", "16", "--temperature", "1.0")
    first, second = (coder("chat", *where, *words, given="What is Elixir?") for where in ((), ("-",)))
    assert first.stdout == second.stdout
    assert first.stdout.strip()


@pytest.mark.parametrize(
    ("words", "given", "sentence"),
    [
        (("chat",), "", "there is no question"),
        (("chat", "-"), b"\xff\xfe\xff", "not UTF-8"),
        (("chat", "hi", "--model", "missing.gguf"), "", "missing.gguf"),
        (("chat", "hi", "--model", "defualt"), "", "default"),
        (("chat", "hi", "--temperature", "9"), "", "temperature"),
        (("models", "info", "missing.gguf"), "", "missing.gguf"),
        (("models", "pull", "gpt-9"), "", "default"),
        (("chat", "-"), "word " * 40_000, "window"),
        (("no-such-command",), "", "no-such-command"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_2(words: tuple[str, ...], given: str | bytes, sentence: str) -> None:
    result = coder(*words, given=given)
    assert result.returncode == 2, result.stderr
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "model.gguf"
    text.write_text("not a model at all")
    result = coder("chat", "hi", "--model", str(text))
    assert result.returncode == 2
    assert "not a GGUF" in result.stderr


def test_the_embedded_model_is_described() -> None:
    info = json.loads(coder("models", "info", "--format", "json").stdout)
    assert info["parameters"] > 130_000_000
    assert info["heads"] == {}
    assert json.loads(coder("models", "list", "--format", "json").stdout)[0]["name"] == "default"
    assert Path(coder("models", "default").stdout.strip()).is_file()


def test_doctor_says_what_to_do_about_what_is_missing(tmp_path: Path) -> None:
    result = coder("doctor", "--format", "json", PATH=str(tmp_path))
    rows = {(row["area"], row["name"]): row for row in json.loads(result.stdout)}
    assert rows["model", "llama-cpp-python"]["status"] == "ok"
    assert rows["elixir", "elixir"]["status"] == "optional"
    assert "install Elixir" in rows["elixir", "elixir"]["advice"]
    assert result.returncode == 0


def test_doctor_fails_when_the_cache_cannot_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    result = coder("doctor", CODER_CACHE_DIR=str(blocked / "cache"))
    assert result.returncode == 1
    assert "CODER_CACHE_DIR" in result.stdout


def test_the_version_is_printed() -> None:
    assert coder("--version").stdout.strip()[0].isdigit()


def test_a_reader_that_leaves_early_is_no_error() -> None:
    shell = f"'{sys.executable}' -c \"{PROGRAM}\" chat 'Count to one hundred.' --max-tokens 60 | head -c 5"
    result = subprocess.run(["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr
