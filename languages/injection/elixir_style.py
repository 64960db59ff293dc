"""Credo's violations, gathered from the files that each hold one kind of them."""

from __future__ import annotations

from languages.injection import (
    elixir_branches,
    elixir_complexity,
    elixir_layout,
    elixir_modules,
    elixir_names,
    elixir_pipes,
    elixir_statements,
)

INJECTORS = (
    *elixir_statements.INJECTORS,
    *elixir_branches.INJECTORS,
    *elixir_complexity.INJECTORS,
    *elixir_names.INJECTORS,
    *elixir_modules.INJECTORS,
    *elixir_pipes.INJECTORS,
    *elixir_layout.INJECTORS,
)
