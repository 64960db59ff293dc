"""`coder check PATH...`: what is wrong in files, from the syntax tree, the linters and a trained model.

Findings go to stdout in one of three formats; progress, tools without a verdict and the summary go to stderr.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from inference.assistant.check import CheckReport
    from inference.engine.engine import Engine

Format = Literal["text", "json", "sarif"]


def check(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Files, and directories to look through.")],
    format: Annotated[Format, typer.Option("--format", help="How to print the findings.")] = "text",
    no_model: Annotated[bool, typer.Option("--no-model", help="Ask the tools only, whatever --model says.")] = False,
    model: Annotated[
        str | None,
        typer.Option(metavar="FILE", envvar="CODER_MODEL", help="A model with a quality head, which judges too."),
    ] = None,
) -> None:
    """Find problems in Elixir, Go and Python files.

    Asks the language's tools and, with --model, a model that was trained to judge. Python: ruff and bandit. Go: gofmt,
    go vet, and staticcheck and gosec where installed. Elixir: the compiler's parser, and Credo and Sobelow where the
    project has them, which run the project's mix.exs. A directory is looked through for source files; hidden folders,
    virtual environments, _build, deps, node_modules and vendor are left out. Nothing is changed.

    Exit code 0: no findings. 1: findings. 2: wrong use, or a file that cannot be read.

    \b
    Examples:
      coder check lib/ledger.ex
      coder check src tests --format json
      coder check . --format sarif > findings.sarif
      coder check app.py --model coder.gguf
    """
    from inference.assistant.check import check_files, expand

    files = expand(paths)
    _refuse_nothing(paths, files)
    with _engine(None if no_model else model) as engine:
        reports = _with_progress(check_files(files, engine), len(files))
    _print(reports, format)
    _complain(reports)
    _summarise(reports)
    raise typer.Exit(_exit_code(reports))


def _refuse_nothing(paths: Sequence[str], files: Sequence[Path]) -> None:
    from languages.errors import CoderError

    if not files:
        raise CoderError(f"there is no Elixir, Go or Python file in {' '.join(paths)}; give a path that has some")


@contextmanager
def _engine(model: str | None) -> Iterator[Engine | None]:
    """The model to ask, or None. A model that was not trained to judge is named on stderr and not asked."""
    if model is None:
        yield None
        return
    from inference.assistant.judge import can_judge
    from inference.models import open_engine

    engine = open_engine(model)
    try:
        if not can_judge(engine.info):
            typer.echo(f"coder: {model} has no quality head, so only the tools are asked", err=True)
        yield engine
    finally:
        engine.close()


def _with_progress(reports: Iterable[CheckReport], count: int) -> list[CheckReport]:
    """All reports; while they are made, a bar on stderr when that is a terminal and there is something to wait for."""
    if count < 5 or not sys.stderr.isatty():
        return list(reports)
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return list(track(reports, "Checking", total=count, console=console, transient=True))


def _print(reports: Sequence[CheckReport], format: Format) -> None:
    findings = [finding for report in reports for finding in report.findings]
    if format == "json":
        import json

        typer.echo(json.dumps([finding.to_json() for finding in findings], indent=2, ensure_ascii=False))
    elif format == "sarif":
        import json

        from inference.cli.sarif import sarif_log

        typer.echo(json.dumps(sarif_log(findings), indent=2, ensure_ascii=False))
    else:
        from inference.cli.finding_lines import print_findings

        print_findings(findings)


def _complain(reports: Sequence[CheckReport]) -> None:
    """Each file that could not be read; then each tool that gave no verdict, once, with how many files it missed."""
    for report in reports:
        if report.error is not None:
            typer.echo(f"coder: {report.error.message}", err=True)
    missed: dict[tuple[str, str], list[str]] = {}
    for report in reports:
        for failure in report.failures:
            missed.setdefault((failure.linter, failure.reason), []).append(report.path)
    for (linter, reason), paths in missed.items():
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        typer.echo(f"coder: no verdict from {linter} on {paths[0]}{more}: {reason}", err=True)


def _summarise(reports: Sequence[CheckReport]) -> None:
    findings = sum(len(report.findings) for report in reports)
    read = sum(report.error is None for report in reports)
    if read:
        typer.echo(f"{_count(findings, 'finding')} in {_count(read, 'file')}", err=True)


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _exit_code(reports: Sequence[CheckReport]) -> int:
    if any(report.error is not None for report in reports):
        return 2
    return 1 if any(report.findings for report in reports) else 0
