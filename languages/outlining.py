"""What a text defines and what it takes from elsewhere, whatever its language.

How each language writes that is in `languages.outline`; what comes out is in `definitions.py` and `imports.py`.
"""

from __future__ import annotations

from languages.definitions import Definition
from languages.imports import Import
from languages.registry import language_of_grammar
from languages.tree import SyntaxTree


def definitions(tree: SyntaxTree) -> list[Definition]:
    """What the text defines, in order of place; an Elixir function once for each clause."""
    return language_of_grammar(tree.grammar).definitions(tree)


def imports(tree: SyntaxTree) -> list[Import]:
    """What the text imports, in order of place, wherever in the file."""
    return language_of_grammar(tree.grammar).imports(tree)
