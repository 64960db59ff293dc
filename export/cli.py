"""`coder-export`: the command. It reads options and prints; `export/export.py` does the work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inference.cli.door import application, run

if TYPE_CHECKING:
    from export.export import Exported

app = application("Turn a checkpoint into one GGUF file.")


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint's directory: runs/NAME/checkpoints/best.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The GGUF file to write.")],
    quantize: Annotated[
        str, typer.Option(metavar="TYPE", help="F32, F16, BF16, Q8_0, Q6_K, Q5_K_M, Q4_K_M and others.")
    ] = "F16",
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare the result with torch: tokens, next tokens, judgement.")
    ] = False,
) -> None:
    """Turn a checkpoint into one GGUF file.

    The adapter is merged into its base model; heads, calibration, control tokens and chat template travel in the file.
    With --verify an F32 file of the same model must equal torch in every token, every likeliest next token and every
    head output (within 1e-3) on real code; the table goes to stdout, and the exit code is 1 when something differs.

    \b
    Examples:
      coder-export runs/spine/checkpoints/best -o coder.gguf
      coder-export runs/spine/checkpoints/best -o coder.gguf --verify
      coder-export runs/spine/checkpoints/step-200 -o small.gguf --quantize Q4_K_M
      coder check --model coder.gguf FILE
    """
    from export.export import export_checkpoint
    from export.quantise import parse_type

    exported = export_checkpoint(checkpoint, output, file_type=parse_type(quantize), verified=verify)
    _print(exported)
    if any(row.passed is False for row in exported.rows):
        typer.echo(f"coder-export: {output} is not equal to its checkpoint (see the table); do not use it.", err=True)
        raise typer.Exit(1)


def _print(exported: Exported) -> None:
    from export.verification.report import table

    size = exported.path.stat().st_size / 1e6
    heads = ", ".join(f"{task} ({len(head.labels)} labels)" for task, head in exported.contents.heads.items())
    typer.echo(f"{exported.path}  {exported.file_type}  {size:.1f} MB  heads: {heads or 'none'}")
    if exported.rows:
        typer.echo(table(exported.rows))


def main() -> None:
    """The entry point of `coder-export`."""
    run(app, "coder-export")
