"""A directory is whole or does not exist, whatever happens while it is written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from export.manifest import read_manifest, verify_directory, write_directory
from languages.errors import CoderError

#: Writes a checkpoint over the one that is there, says when a file is half done, and waits to be killed.
VICTIM = """
import sys, time
from pathlib import Path
from export.manifest import write_directory

def fill(directory):
    (directory / "model.safetensors").write_bytes(b"half")
    print("half", flush=True)
    time.sleep(60)

write_directory(Path(sys.argv[1]), fill)
"""


def _fill(directory: Path) -> None:
    (directory / "trainer").mkdir()
    (directory / "trainer" / "state.json").write_text("{}")
    (directory / "weights.bin").write_bytes(b"weights")


def test_a_written_directory_lists_every_file_and_verifies(tmp_path: Path) -> None:
    write_directory(tmp_path / "step-1", _fill)
    assert set(read_manifest(tmp_path / "step-1")) == {"trainer/state.json", "weights.bin"}
    verify_directory(tmp_path / "step-1")
    assert os.listdir(tmp_path) == ["step-1"]


def test_an_old_directory_is_replaced(tmp_path: Path) -> None:
    write_directory(tmp_path / "step-1", _fill)
    write_directory(tmp_path / "step-1", lambda directory: (directory / "new").touch())
    assert set(read_manifest(tmp_path / "step-1")) == {"new"}
    assert os.listdir(tmp_path) == ["step-1"]


def test_a_failing_writer_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    write_directory(tmp_path / "step-1", _fill)

    def fail(directory: Path) -> None:
        (directory / "weights.bin").write_bytes(b"other")
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        write_directory(tmp_path / "step-1", fail)
    assert (tmp_path / "step-1" / "weights.bin").read_bytes() == b"weights"
    assert os.listdir(tmp_path) == ["step-1"]


@pytest.mark.parametrize("before", [True, False])
def test_kill_9_while_writing_leaves_the_old_one_or_nothing(tmp_path: Path, before: bool) -> None:
    target = tmp_path / "step-1"
    if before:
        write_directory(target, _fill)
    victim = subprocess.Popen([sys.executable, "-c", VICTIM, str(target)], stdout=subprocess.PIPE, text=True)
    assert victim.stdout is not None
    with victim, victim.stdout:
        assert victim.stdout.readline() == "half\n"
        victim.send_signal(signal.SIGKILL)
    assert victim.returncode == -signal.SIGKILL
    if before:
        verify_directory(target)
    assert target.exists() is before

    write_directory(target, _fill)
    verify_directory(target)
    assert os.listdir(tmp_path) == ["step-1"], "what the killed writer left must be gone"


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write_directory(tmp_path / "step-1", _fill)
    (tmp_path / "step-1" / "weights.bin").write_bytes(b"weightz")
    with pytest.raises(CoderError, match=r"weights\.bin is damaged: its content"):
        verify_directory(tmp_path / "step-1")
    verify_directory(tmp_path / "step-1", digests=False)


def test_a_truncated_file_is_named_with_its_size(tmp_path: Path) -> None:
    write_directory(tmp_path / "step-1", _fill)
    (tmp_path / "step-1" / "weights.bin").write_bytes(b"weig")
    with pytest.raises(CoderError, match=r"weights\.bin is damaged: 4 bytes instead of 7"):
        verify_directory(tmp_path / "step-1", digests=False)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_directory(tmp_path / "step-1", _fill)
    (tmp_path / "step-1" / "weights.bin").unlink()
    with pytest.raises(CoderError, match=r"weights\.bin is missing"):
        verify_directory(tmp_path / "step-1")


def test_no_manifest_and_a_bad_manifest(tmp_path: Path) -> None:
    with pytest.raises(CoderError, match=r"has no manifest\.json"):
        read_manifest(tmp_path)
    for text in ("{", "[]", json.dumps({"a": {"sha": "x"}})):
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(CoderError, match=r"manifest\.json is damaged"):
            read_manifest(tmp_path)
