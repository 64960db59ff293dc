"""`coder`: the commands for people at a shell. Each command lives in its own file; this one is the list.

Importing it costs milliseconds: a command imports what it needs when it runs.
"""

from __future__ import annotations

from typing import Annotated

import typer

from inference.cli import chat, check, complete, doctor, models, mutate
from inference.cli.door import application, run

EXAMPLES = """A local coding assistant for Elixir, Go and Python. It needs no network.

\b
Examples:
  coder chat "How do I reverse a list in Elixir?"
  coder complete lib/ledger.ex:12:9
  coder check src/
  coder mutate src/cart.py
  coder doctor
"""

app = application(EXAMPLES)
app.command("chat")(chat.chat)
app.command("complete")(complete.complete)
app.command("check")(check.check)
app.command("mutate")(mutate.mutate)
app.command("doctor")(doctor.doctor)
app.add_typer(models.app, name="models")


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("coder-local"))
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Options that stand before a command."""


def main() -> None:
    """The `coder` command."""
    run(app, "coder")
