"""`coder-train`: plan, prepare, run and report a training recipe.

The commands import what they need when they run, so that `--help` is fast and works without torch.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inference.cli import door
from languages.errors import CoderError

if TYPE_CHECKING:
    from training.recipe import Recipe

_NEEDED = ("torch", "transformers", "peft", "accelerate", "safetensors", "gguf", "tensorboard")
NAME = "coder-train"

app = door.application(
    """Train Coder's model by a recipe: one TOML file that says base, data, stages and sizes.

\b
Examples:
  coder-train plan spine --scale tiny      what a run would do, and whether it fits this machine
  coder-train run spine --scale tiny       train, evaluate and report, in minutes on two cores
  coder-train run spine --resume           go on after Ctrl-C or a crash
"""
)

RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's name, or the path of a TOML file.")]
Scale = Annotated[str | None, typer.Option("--scale", metavar="NAME", help="One of the recipe's scales, such as tiny.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the recipe; may be repeated.")
]


@app.command()
def plan(recipe: RecipeName, scale: Scale = None, set_: Settings = None) -> None:
    """Say what a run would do: files, tokens, steps, parameters, memory, time, and whether it fits this machine.

    \b
    Examples:
      coder-train plan spine --scale tiny
      coder-train plan spine --set lora.rank=32

    Exit 1 when the run does not fit this machine.
    """
    loaded = _recipe(recipe, scale, set_)
    from training.plan import make_plan

    found = make_plan(loaded)
    typer.echo(found.text())
    if not found.fits:
        raise typer.Exit(1)


@app.command()
def data(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE|labels", help="A recipe, or `labels` for real findings.")],
    scale: Scale = None,
    set_: Settings = None,
    agreement: Annotated[
        bool, typer.Option("--agreement", help="With `labels`: compare our structural rules to the real tools.")
    ] = False,
    labels: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Findings of a tool, NAME-TOOL.jsonl or .jsonl.gz; may be repeated."),
    ] = None,
    sources: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The labelled source, one folder NAME@VERSION a package.")
    ] = None,
) -> None:
    """Build the recipe's records in data/processed/{train,dev,test}/ and print what is in them.

    \b
    Examples:
      coder-train data spine
      coder-train data spine --set corpus.files=50
      coder-train data labels --agreement --labels elixir-credo.jsonl.gz --sources packages/
    """
    if recipe == "labels" or agreement:
        _print_agreement(recipe, labels or [], sources)
        return
    loaded = _recipe(recipe, scale, set_)
    from training.corpus.store import prepare
    from training.report import data_table, label_table

    splits = prepare(loaded.corpus, loaded.name, loaded.seed, rebuild=True)
    typer.echo(data_table(splits))
    typer.echo(label_table(splits))


@app.command()
def run(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE|RUN", help="A recipe; with --resume also a run directory.")],
    scale: Scale = None,
    set_: Settings = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="The run directory.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's latest checkpoint.")] = False,
) -> None:
    """Train by a recipe, evaluate, and write report.md. The last line on stdout is the run directory.

    \b
    Examples:
      coder-train run spine --scale tiny
      coder-train run my-recipe.toml --set optimisation.learning_rate=5e-4 --out runs/slow
      coder-train run runs/spine-001 --resume
    """
    _require_training()
    from training.run_directory import existing_run, new_run

    if resume:
        if set_ or scale:
            raise CoderError("--resume goes on with the run's own recipe; leave --set and --scale out.")
        where = existing_run(recipe, out)
        config = where.read_json("training_config.json")
        from training.recipe_file import recipe_of

        loaded, scale = recipe_of(config["recipe"], str(where.path / "training_config.json")), config["scale"]
    else:
        loaded = _recipe(recipe, scale, set_)
        where = new_run(loaded.name, out)
    from training.loop import StoppedError
    from training.report import write_report
    from training.run import start

    try:
        start(loaded, where, scale=scale, resume=resume)
    except CoderError:
        where.remove_unused()
        raise
    except StoppedError as stopped:
        door.fail(NAME, f"{stopped} Go on with: {NAME} run {where.path} --resume", 130)
    write_report(where)
    typer.echo(str(where.path))


@app.command()
def report(
    run_directory: Annotated[
        str, typer.Argument(metavar="RUN", help="A run directory, or a recipe for its newest run.")
    ],
) -> None:
    """Write a run's report.md again from what the run recorded, and print it.

    \b
    Examples:
      coder-train report runs/spine-001
    """
    _require_training()
    from training.report import write_report
    from training.run_directory import existing_run

    typer.echo(write_report(existing_run(run_directory)), nl=False)


def _print_agreement(recipe: str, labels: list[Path], sources: Path | None) -> None:
    """The agreement tables, one a label file, on stdout."""
    if recipe != "labels" or not labels or sources is None:
        raise CoderError("give: data labels --agreement --labels FILE --sources DIR", code="bad_option")
    from training.corpus.agreement import agreement, as_markdown, tool_of

    for file in labels:
        typer.echo(f"## {file.name}\n\n{as_markdown(agreement(tool_of(file), file, sources))}")


def main() -> None:
    """The program."""
    door.run(app, NAME)


def _recipe(target: str, scale: str | None, settings: list[str] | None) -> Recipe:
    _require_training()
    from training.recipe_file import load_recipe

    return load_recipe(target, scale=scale, settings=settings or ())


def _require_training() -> None:
    """`CoderError` when the extra `train` is not installed; sets what must be set before torch is loaded."""
    # Idle threads sleep instead of spinning: on a busy machine two threads that spin are slower than one.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise CoderError(
            f"Training needs {', '.join(missing)}; run `make train`, or pip install 'coder-local[train]'.",
            code="not_installed",
        )
