"""`coder doctor`: prints what `inference/doctor.py` found."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from inference.doctor import Diagnosis

MARKS = {"ok": "✓", "missing": "✗", "optional": "·"}


def doctor(
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it.")] = "text",
) -> None:
    """Say what is installed, what is missing, and what to do. Exit 1 when something needed is missing.

    \b
    Examples:
      coder doctor
      coder doctor --format json
    """
    from inference.doctor import diagnose

    diagnoses = diagnose()
    if format == "json":
        typer.echo(json.dumps([asdict(diagnosis) for diagnosis in diagnoses], indent=2))
    else:
        _print(diagnoses)
    if any(diagnosis.status == "missing" for diagnosis in diagnoses):
        raise typer.Exit(1)


def _print(diagnoses: list[Diagnosis]) -> None:
    for area, group in groupby(diagnoses, key=lambda diagnosis: diagnosis.area):
        typer.echo(area)
        for diagnosis in group:
            typer.echo(f"  {MARKS[diagnosis.status]} {diagnosis.name:<18} {diagnosis.detail}")
            if diagnosis.advice:
                typer.echo(f"    {'':<18} {diagnosis.advice}")
