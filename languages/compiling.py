"""Does it parse, does it compile: for one snippet or for thousands, in Elixir, Go and Python.

    verdicts = check_snippets("go", texts, depth="compile", cache=cache)

Labels, rewards and the checking of answers ask this. Equal texts are looked at once, and with a cache once a machine.
It does not know projects: a snippet stands alone and may use the standard library.
"""

from __future__ import annotations

from collections.abc import Sequence

from languages.compilers.cache import VerdictCache, verdict_key
from languages.compilers.verdict import Compiler, Depth, Verdict
from languages.errors import CoderError
from languages.registry import language_named


def compiler_of(language: str) -> Compiler:
    """The compiler of a language by its name; raises `CoderError` (`unknown_language`) for one we do not know."""
    known = language_named(language)
    if known is not None:
        return known.compiler()
    raise CoderError(f"there is no compiler for {language!r}; give elixir, go or python", code="unknown_language")


def check_snippets(
    language: str,
    texts: Sequence[str],
    *,
    depth: Depth = "compile",
    cache: VerdictCache | None = None,
    compiler: Compiler | None = None,
    timeout: float = 30.0,
) -> list[Verdict]:
    """One verdict a text, in order. `timeout` is seconds a text; `compiler` is one to use instead of the usual one.

    The findings' `path` is "snippet" with the language's suffix.
    """
    judge = compiler or compiler_of(language)
    identity = judge.identity()
    keys = [verdict_key(language, identity, depth, text) for text in texts]
    known = {key: verdict for key in dict.fromkeys(keys) if cache and (verdict := cache.get(key)) is not None}
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    for key, verdict in zip(new, judge.verdicts(list(new.values()), depth, timeout=timeout), strict=True):
        known[key] = verdict
        if cache is not None:
            cache.put(key, verdict)
    return [known[key] for key in keys]


def check_snippet(language: str, text: str, *, depth: Depth = "compile", timeout: float = 30.0) -> Verdict:
    """The verdict on one text."""
    return check_snippets(language, [text], depth=depth, timeout=timeout)[0]
