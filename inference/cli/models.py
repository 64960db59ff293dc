"""`coder models`: which models there are, where they lie, what is inside."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from inference.cli.door import application

HELP = """Models: list them, look inside one, prepare the embedded one.

\b
Examples:
  coder models
  coder models default
  coder models info ~/models/coder.gguf
"""

app = application(HELP)
Format = Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it.")]


@app.callback(invoke_without_command=True, no_args_is_help=False)
def models(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_models(format="text")


@app.command("list")
def list_models(format: Format = "text") -> None:
    """Print every model that --model understands by name.

    \b
    Example:
      coder models list --format json
    """
    from inference.models import list_models as known_models

    rows = [
        {"name": model.name, "path": str(model.path), "bytes": model.size, "ready": model.ready}
        for model in known_models()
    ]
    if format == "json":
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        state = "ready" if row["ready"] else "prepared on first use"
        typer.echo(f"{row['name']:<32} {_megabytes(row['bytes']):>8}  {state:<22} {row['path']}")


@app.command()
def default() -> None:
    """Prepare the embedded model, once, and print where it lies.

    \b
    Example:
      coder models default
    """
    from inference.models import default_model

    typer.echo(default_model())


@app.command()
def pull(name: Annotated[str, typer.Argument(help="The model's name.")]) -> None:
    """Make the model NAME ready for use without a network.

    \b
    Example:
      coder models pull default
    """
    from inference.models import pull as pull_model

    typer.echo(pull_model(name))


@app.command()
def info(
    file: Annotated[str, typer.Argument(help="A GGUF file or a model's name.")] = "default", format: Format = "text"
) -> None:
    """Print what a model file holds: size, window, control tokens, heads.

    \b
    Examples:
      coder models info
      coder models info coder.gguf --format json
    """
    from inference.model_file import describe
    from inference.models import resolve_model

    description = describe(resolve_model(file))
    if format == "json":
        typer.echo(json.dumps(description, indent=2))
        return
    for key, value in description.items():
        typer.echo(f"{key:<20} {value if not isinstance(value, dict) else json.dumps(value)}")


def _megabytes(size: object) -> str:
    return f"{size / 1e6:.0f} MB" if isinstance(size, int) else "-"
