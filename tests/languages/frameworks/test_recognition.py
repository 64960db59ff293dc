from __future__ import annotations

import pytest

from languages.errors import CoderError
from languages.frameworks.recognition import FRAMEWORKS, framework_named, recognise, usual_framework

CASES = [
    ("test/a_test.exs", "defmodule A do\n  use ExUnit.Case, async: true\nend\n", "ex_unit", set()),
    ("test/a_test.exs", "  use ExUnit.Case\n  use ExUnitProperties\n", "ex_unit", {"stream_data"}),
    ("test/live_test.exs", "  use ShopWeb.ConnCase\n  import Phoenix.LiveViewTest\n", "ex_unit", {"live_view_test"}),
    ("a_test.go", "package a\n\nfunc TestA(t *testing.T) {}\n", "go_test", set()),
    ("a_test.go", "package a\n\nfunc FuzzA(f *testing.F) {}\n", "go_test", {"fuzzing"}),
    ("tests/test_a.py", "def test_a():\n    pass\n", "pytest", set()),
    ("tests/test_a.py", "from hypothesis import given\n\n\ndef test_a():\n    pass\n", "pytest", {"hypothesis"}),
    ("tests/test_a.py", "class A(unittest.TestCase):\n    def test_a(self):\n        pass\n", "unittest", set()),
    ("tests/test_a.py", "import pytest\nclass A(TestCase):\n    def test_a(self):\n        pass\n", "pytest", set()),
]


@pytest.mark.parametrize(("path", "text", "framework", "libraries"), CASES)
def test_test_files(path: str, text: str, framework: str, libraries: set[str]) -> None:
    recognition = recognise(path, text)
    assert recognition is not None
    assert (recognition.framework.name, set(recognition.libraries)) == (framework, libraries)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lib/a.ex", "defmodule A do\nend\n"),
        ("config/config.exs", "import Config\n"),
        ("a.go", "package a\n"),
        ("shop.py", "def test_drive():\n    pass\n"),
        ("README.md", "def test_a():\n"),
        ("test_a.py", ""),
    ],
)
def test_files_without_tests(path: str, text: str) -> None:
    assert recognise(path, text) is None


def test_names() -> None:
    assert [framework_named(framework.name) for framework in FRAMEWORKS] == [*FRAMEWORKS]
    assert {usual_framework(name).language for name in ("elixir", "go", "python")} == {"elixir", "go", "python"}
    with pytest.raises(CoderError, match="give one of ex_unit, go_test"):
        framework_named("junit")
