"""`coder-export` from the outside: a process, its exit code, its two streams."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from export.checkpoint import open_checkpoint
from inference.model_file import read_model_file

#: The command with one package made impossible to find.
WITHOUT_TORCH = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "torch" else find(name, *rest)
from export.cli import main
main()
"""


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from export.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_help_has_examples_and_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom export.cli import main\nsys.argv = ['coder-export', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('heavy:', sorted({'torch', 'transformers', 'numpy', 'gguf', 'llama_cpp'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "coder-export runs/spine/checkpoints/best -o coder.gguf --verify" in shown.stdout
    assert "heavy: []" in shown.stdout


@pytest.mark.slow
def test_a_checkpoint_becomes_a_verified_file(adapter_checkpoint: Path, tmp_path: Path) -> None:
    done = _run(adapter_checkpoint, "-o", tmp_path / "tiny.gguf", "--verify")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "heads: quality (3 labels)" in done.stdout
    assert "argmax F32, FIM" in done.stdout
    assert "DIFFERENT" not in done.stdout
    assert "Writing tiny.gguf" in done.stderr
    assert "Warning" not in done.stderr
    model = read_model_file(tmp_path / "tiny.gguf")
    assert model.name == f"Coder (tiny) from {_base_name(adapter_checkpoint)}"
    assert model.quantisation == "F16"
    assert [path.name for path in tmp_path.iterdir()] == ["tiny.gguf"]


def _base_name(checkpoint: Path) -> str:
    return Path(open_checkpoint(checkpoint).info.base.name).name


def test_a_k_quant(adapter_checkpoint: Path, tmp_path: Path) -> None:
    done = _run(adapter_checkpoint, "-o", tmp_path / "small.gguf", "--quantize", "q4_k_m")
    assert done.returncode == 0, done.stderr
    assert "Q4_K_M" in done.stdout
    assert read_model_file(tmp_path / "small.gguf").heads["quality"].labels[0] == "ruff:F401"
    assert [path.name for path in tmp_path.iterdir()] == ["small.gguf"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{none}", "-o", "{tmp}/m.gguf"], "There is no checkpoint"),
        (["{checkpoint}", "-o", "{tmp}/no/m.gguf"], "does not exist; create it first"),
        (["{checkpoint}", "-o", "{tmp}"], "is a directory; give the name of the file"),
        (["{checkpoint}", "-o", "{checkpoint}/m.gguf"], "lies inside the checkpoint"),
        (["{checkpoint}", "-o", "{tmp}/m.gguf", "--quantize", "Q9"], 'There is no type "Q9"'),
        (["{checkpoint}"], "Missing option '--output'"),
    ],
)
def test_wrong_use_is_a_sentence(arguments: list[str], sentence: str, adapter_checkpoint: Path, tmp_path: Path) -> None:
    places = {"none": tmp_path / "none", "tmp": tmp_path, "checkpoint": adapter_checkpoint}
    done = _run(*[argument.format(**places) for argument in arguments])
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_without_torch_it_says_what_to_install(adapter_checkpoint: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_TORCH, str(adapter_checkpoint), "-o", str(tmp_path / "m.gguf")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "Export needs torch; run `make train`" in done.stderr
    assert "Traceback" not in done.stderr
