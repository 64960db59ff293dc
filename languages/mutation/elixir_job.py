"""`Job`: one Elixir mutant and what running it takes. It does not know who decides that, nor who runs it."""

from __future__ import annotations

from dataclasses import dataclass

from languages.mutation.elixir_counting import Form
from languages.mutation.elixir_places import Function
from languages.mutation.mutant import Mutant


@dataclass(frozen=True, slots=True)
class Job:
    """One mutant: `form` and `text` to compile it alone, with `dependants`; `tests` are numbers, `timeout` in seconds.

    With `again`, the applications are started again with it. The tests `once` need a fresh VM.
    """

    number: int
    mutant: Mutant
    form: Form
    text: str
    function: Function | None
    tests: tuple[int, ...]
    once: tuple[int, ...]
    dependants: tuple[str, ...]
    again: bool
    timeout: float
