"""The agreement report over a label file and its sources."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from languages.errors import CoderError
from training.cli import app
from training.corpus.agreement import agreement, as_markdown, is_held_out, tool_of

TEXT = "IO.inspect(1)\nIO.puts(2)\n"
INSPECT, PUTS = "Credo.Check.Warning.IoInspect", "Credo.Check.Refactor.IoPuts"


def label(path: str, digest: str, *findings: tuple[int, str], status: str = "ok") -> str:
    listed = [{"line": line, "check": check} for line, check in findings]
    row = {"package": "p", "version": "1", "path": path, "sha256": digest, "status": status, "findings": listed}
    return json.dumps(row) + "\n"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    (folder / "p@1").mkdir(parents=True)
    (folder / "p@1" / "a.exs").write_text(TEXT)
    return folder


def test_report(tmp_path: Path, sources: Path) -> None:
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    rows = label("a.exs", digest, (1, INSPECT), (1, PUTS)) + label("a.exs", "other") + label("gone.exs", digest)
    labels = tmp_path / "labels.jsonl.gz"
    labels.write_bytes(gzip.compress((rows + label("a.exs", digest, (2, INSPECT), status="tool_error")).encode()))
    report = agreement("credo", labels, sources)
    assert (report.files, report.left_out) == (1, 2)
    counts = {row.check: (row.both, row.only_measured, row.only_true) for row in report.rows if row.f1 is not None}
    assert counts == {INSPECT: (1, 0, 0), PUTS: (0, 1, 1)}
    assert report.macro_f1 == 0.5
    table = as_markdown(report)
    assert "| Warning.IoInspect | 1 | 0 | 0 | 1.000 | 1.000 | 1.000 |" in table
    assert "Macro-F1 0.500 over 2 checks, 1 files." in table


def test_packages_are_held_out_by_their_names(tmp_path: Path) -> None:
    assert [is_held_out(name) for name in ("elixir", "go", "rabbitmq_cli", "ex_doc")] == [False, False, True, True]
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    rows = ""
    for package in ("elixir", "ex_doc"):
        (tmp_path / f"{package}@1").mkdir()
        (tmp_path / f"{package}@1" / "a.exs").write_text(TEXT)
        found = [(1, INSPECT), (2, PUTS)] if package == "elixir" else [(1, INSPECT)]
        rows += label("a.exs", digest, *found).replace('"package": "p"', f'"package": "{package}"')
    labels = tmp_path / "elixir-credo.jsonl"
    labels.write_text(rows)
    report = agreement("credo", labels, tmp_path)
    assert report.packages == {"elixir@1": 1.0, "ex_doc@1": 0.5}
    table = as_markdown(report)
    assert "| Refactor.IoPuts | 1 | 1 | 0 | 0.500 | 1.000 | 0.667 | 0.000 |" in table
    assert "In the packages held out 0.500 over 2 checks." in table
    assert "By package 0.750 on average over 2; lowest: ex_doc@1 0.500, elixir@1 1.000." in table


@pytest.mark.parametrize("content", ["{", '{"package": "p"}', "[]"])
def test_labels_that_are_none(tmp_path: Path, sources: Path, content: str) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text(content)
    with pytest.raises(CoderError, match="cannot be read as labels"):
        agreement("credo", labels, sources)


def test_labels_or_sources_that_are_missing(tmp_path: Path, sources: Path) -> None:
    with pytest.raises(CoderError, match="cannot be read as labels"):
        agreement("credo", tmp_path / "none.jsonl.gz", sources)
    labels = tmp_path / "labels.jsonl"
    labels.write_text(label("gone.exs", "0"))
    with pytest.raises(CoderError, match="fetch them first"):
        agreement("credo", labels, sources)


def test_the_tool_is_in_the_name_of_the_label_file() -> None:
    assert tool_of(Path("data/elixir-credo.jsonl.gz")) == "credo"
    with pytest.raises(CoderError, match="TOOL being credo or sobelow or gosec"):
        tool_of(Path("data/go-staticcheck.jsonl.gz"))


def test_the_command_prints_the_table(tmp_path: Path, sources: Path) -> None:
    labels = tmp_path / "elixir-credo.jsonl"
    labels.write_text(label("a.exs", hashlib.sha256(TEXT.encode()).hexdigest(), (1, INSPECT)))
    words = ["data", "labels", "--agreement", "--labels", str(labels), "--sources", str(sources)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    assert "## elixir-credo.jsonl" in result.output
    assert "| Warning.IoInspect | 1 | 0 | 0 | 1.000 | 1.000 | 1.000 |" in result.output
