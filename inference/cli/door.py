"""The door of every command: one place where an error becomes a sentence and an exit code.

Exit 0: done. 1: the answer is no. 2: wrong use or bad input. 130: interrupted. Results go to stdout, everything else to
stderr. It knows nothing of what the commands do.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import typer

from languages.errors import CoderError


def application(help_text: str) -> typer.Typer:
    """A command group with the settings that all of ours share: plain help (fast), `-h`, no traceback pages."""
    return typer.Typer(
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


def run(app: typer.Typer, name: str) -> NoReturn:
    """Run `app` over `sys.argv` as the command `name` and end the process."""
    try:
        app(prog_name=name)
    except CoderError as error:
        fail(name, error.message)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output is gone (`coder chat ... | head`). Nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(0)


def fail(name: str, message: str, code: int = 2) -> NoReturn:
    """Say one sentence on stderr and exit."""
    print(f"{name}: {message}", file=sys.stderr)
    sys.exit(code)
