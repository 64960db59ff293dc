from __future__ import annotations

from pathlib import Path

import pytest

from languages.errors import CoderError
from languages.mutation.confined import confined
from languages.mutation.options import MutationOptions
from languages.mutation.python_engine import PythonTests, mutate_python
from languages.sandbox.run import usable_backend
from tests.tools import missing


def backend_or_skip() -> str:
    try:
        return usable_backend().name
    except CoderError as error:
        missing(error.message)


def project(folder: Path, tests: str) -> PythonTests:
    folder.mkdir()
    (folder / "files.py").write_text(
        "import os\n\n\ndef save(name, text):\n    if not name:\n        raise ValueError\n"
        "    with open(name, 'w') as file:\n        file.write(text)\n"
    )
    (folder / "test_files.py").write_text(tests)
    return PythonTests(folder=folder, arguments=("test_files.py",), plugins=False)


def test_a_mutant_cannot_write_outside(tmp_path: Path) -> None:
    assert backend_or_skip() in ("bubblewrap", "landlock")
    outside, inside = tmp_path / "outside", tmp_path / "project" / "inside"
    tests = project(
        tmp_path / "project",
        "import pytest\nimport files\n\n\ndef test_save(tmp_path):\n"
        "    files.save(str(tmp_path / 'x'), 'text')\n    assert (tmp_path / 'x').read_text() == 'text'\n"
        "    with pytest.raises(ValueError):\n        files.save('', 'text')\n\n\n"
        f"def test_places():\n    for place in ({str(outside)!r}, {str(inside)!r}):\n"
        "        with pytest.raises(OSError):\n            files.save(place, 'text')\n",
    )
    options = MutationOptions(parallel=2, confine=confined, patience=60.0, processor_patience=30.0)
    run = mutate_python(tmp_path / "project" / "files.py", tests, options)
    assert run.count("Killed") >= 3
    assert run.count("RuntimeError", "Timeout") == 0
    assert not outside.exists()
    assert sorted(file.name for file in (tmp_path / "project").iterdir()) == ["files.py", "test_files.py"]


def test_tests_that_write_into_the_project_are_told_so(tmp_path: Path) -> None:
    backend_or_skip()
    tests = project(tmp_path / "project", "import files\n\n\ndef test_save():\n    files.save('out.txt', 'text')\n")
    with pytest.raises(CoderError, match="fails without any mutant") as caught:
        mutate_python(tmp_path / "project" / "files.py", tests, MutationOptions(confine=confined))
    assert caught.value.code == "tests_fail"


def test_without_a_way_to_confine_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise CoderError("there is none; get one", code="no_sandbox")

    monkeypatch.setattr("languages.sandbox.run.usable_backend", none)
    with pytest.raises(CoderError, match="there is none"):
        mutate_python(
            tmp_path / "project" / "files.py",
            project(tmp_path / "project", "def test_it():\n    pass\n"),
            MutationOptions(confine=confined),
        )
