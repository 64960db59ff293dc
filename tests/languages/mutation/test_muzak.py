from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from languages.errors import CoderError
from languages.mutation.muzak import MuzakSurvivor, parse_muzak, run_muzak
from tests.languages.fakes import fake_program

SURVIVORS = """\
Beginning mutation testing - 8 mutations generated

\x1b[32m.\x1b[0m\x1b[31mF\x1b[0m..*.F.

     lib/shop.ex:12
     original:  total \x1b[31m>\x1b[0m 10
     mutation:  total \x1b[32m<\x1b[0m 10

     lib/shop.ex:20
     original:  def price(n) do
                  n * 3
     mutation:  def price(n) do
                  n * 4

Finished in 1.2 seconds
8 mutations run
2 survived 75.0% of mutations were found

Randomized with seed 123456
"""


def test_survivors() -> None:
    report = parse_muzak(SURVIVORS)
    assert (report.run, report.survived, report.found, report.seed) == (8, 2, 0.75, 123456)
    assert report.survivors[0] == MuzakSurvivor("lib/shop.ex", 12, "total > 10", "total < 10")
    assert report.survivors[1].mutation == "def price(n) do\nn * 4"


def test_no_survivor() -> None:
    report = parse_muzak("...\nFinished in 0.1 seconds\n3 run - 0 mutations survived\n\nRandomized with seed 1\n")
    assert (report.run, report.survived, report.found, report.survivors) == (3, 0, 1.0, ())


def test_windows_line_ends() -> None:
    assert parse_muzak(SURVIVORS.replace("\n", "\r\n")) == parse_muzak(SURVIVORS)


@pytest.mark.parametrize("output", ["", "Something went wrong: no tests were selected\n", "8 mutations run\n"])
def test_a_failure_is_a_typed_error(output: str) -> None:
    with pytest.raises(CoderError, match="Muzak failed") as caught:
        parse_muzak(output)
    assert caught.value.code == "muzak_failed"


@given(st.text(), st.integers(0, 10**6))
def test_any_text_before_the_totals_does_no_harm(noise: str, run: int) -> None:
    output = f"{_without_totals(noise)}\n{run} run - 0 mutations survived\n"
    assert (parse_muzak(output).run, parse_muzak(output).survived) == (run, 0)


def _without_totals(noise: str) -> str:
    return noise.replace("run", "")


def project(folder: Path, dependencies: str = '[{:muzak, "~> 1.1", only: :test}]') -> Path:
    (folder / "lib").mkdir()
    (folder / "mix.exs").write_text(f"defmodule Shop.MixProject do\n  defp deps, do: {dependencies}\nend\n")
    (folder / "lib/shop.ex").write_text("defmodule Shop do\nend\n")
    return folder / "lib/shop.ex"


def test_a_project_that_has_muzak(tmp_path: Path) -> None:
    (tmp_path / "said").write_text(SURVIVORS)
    body = 'echo "$PWD $MIX_ENV $*" > called; cat said; exit 1'
    file = project(tmp_path)
    report = run_muzak(file, ["--only", "lib/shop.ex"], mix=fake_program(tmp_path, body))
    assert (report.run, report.survived) == (8, 2)
    assert (tmp_path / "called").read_text() == f"{tmp_path} test muzak --only lib/shop.ex\n"
    assert run_muzak(tmp_path, mix=tmp_path / "tool").run == 8


@pytest.mark.parametrize(
    ("body", "code", "timeout"),
    [
        ("echo 'Something went wrong: no tests were selected'; exit 1", "muzak_failed", 60.0),
        ("exit 0", "muzak_failed", 60.0),
        ("kill -9 $$", "muzak_failed", 60.0),
        ("sleep 600", "muzak_timeout", 0.2),
    ],
)
def test_runs_that_fail_are_typed_errors(tmp_path: Path, body: str, code: str, timeout: float) -> None:
    with pytest.raises(CoderError) as caught:
        run_muzak(project(tmp_path), mix=fake_program(tmp_path, body), timeout=timeout)
    assert caught.value.code == code


def test_a_program_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(CoderError) as caught:
        run_muzak(project(tmp_path), mix=tmp_path / "absent")
    assert caught.value.code == "tool_missing"


def test_projects_without_muzak(tmp_path: Path) -> None:
    file = project(tmp_path, '[{:credo, "~> 1.7"}]')
    for path in (file, tmp_path):
        with pytest.raises(CoderError, match="does not depend on Muzak") as caught:
            run_muzak(path, mix=fake_program(tmp_path, "exit 0"))
        assert caught.value.code == "not_in_project"
