from __future__ import annotations

from pathlib import Path

import pytest

from languages.errors import CoderError
from languages.mutation import go_engine
from languages.mutation.go_engine import GoTests, mutate_go
from languages.mutation.options import MutationOptions
from tests.languages.mutation.go_packages import INSIDE, OUTSIDE, module, mutate
from tests.tools import require_tool


@pytest.fixture(autouse=True)
def _go() -> None:
    require_tool("go")


@pytest.mark.parametrize(
    ("changed", "code", "sentence"),
    [
        ({"shop": "package shop\nfunc f( {\n"}, "breaks_syntax", "does not parse as Go"),
        ({"shop": "package shop\n\nfunc f() int { return x + 1 }\n"}, "does_not_build", "shop.go:3: undefined: x"),
        ({"shop_test": "package shop\nvar x = nothing\n"}, "does_not_build", "shop_test.go:2: undefined: nothing"),
        ({"shop_test": "package other\n"}, "does_not_build", "found packages"),
        ({"shop_test": INSIDE.replace("!= 6", "!= 7")}, "tests_fail", "shop_test.go::TestTotal fails alone"),
        ({"outside_test": OUTSIDE.replace("m.Run()", "7")}, "tests_fail", "do not start"),
        ({"shop_test": "package shop\n", "outside_test": "package shop\n"}, "no_tests", "there are no Go tests"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_a_typed_error(tmp_path: Path, changed: dict[str, str], code: str, sentence: str) -> None:
    with pytest.raises(CoderError) as caught:
        mutate(module(tmp_path, **changed), MutationOptions(sample=1))
    assert caught.value.code == code
    assert sentence in caught.value.message


def test_a_file_that_is_no_source_of_a_module_is_a_typed_error(tmp_path: Path) -> None:
    file = module(tmp_path)
    with pytest.raises(CoderError, match="is a test or uses cgo"):
        mutate(file.with_name("shop_test.go"))
    (tmp_path / "go.mod").unlink()
    with pytest.raises(CoderError, match="is in no Go module"):
        mutate(file)


def test_go_that_is_missing_is_a_typed_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = module(tmp_path)
    with pytest.raises(CoderError, match="could not be started"):
        mutate_go(file, GoTests(folder=tmp_path, go=tmp_path / "absent"), MutationOptions())
    monkeypatch.setattr(go_engine, "find_program", lambda name: None)
    with pytest.raises(CoderError, match="install Go") as caught:
        mutate(file)
    assert caught.value.code == "no_go"
