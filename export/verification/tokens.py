"""Do both tokenizers cut the same text into the same tokens?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from export.progress import progress_bar
from export.verification.corpus import Text, awkward_texts, code_files
from export.verification.report import Row
from export.verification.runner import LlamaCpp


def load_tokenizer(directory: Path) -> Any:
    """The Hugging Face tokenizer that training used."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(directory, local_files_only=True)


def compare_tokens(directory: Path, candidate: LlamaCpp, *, files: int) -> list[Row]:
    """One row for text (special tokens are not parsed), one for text with special tokens parsed."""
    reference = load_tokenizer(directory)
    code, awkward = code_files(files), awkward_texts()
    with progress_bar(f"Tokenising {len(code)} files twice", len(code) + 2 * len(awkward)) as advance:

        def counted(texts: Iterable[Text]) -> Iterable[Text]:
            for text in texts:
                yield text
                advance(1)

        plain = _compare(reference, candidate, counted([*awkward, *code]), special=False)
        special = _compare(reference, candidate, counted(awkward), special=True)
    return [
        _row("tokens", f"{len(code)} files, {len(awkward)} strings", *plain),
        _row("special tokens", f"{len(awkward)} strings", *special),
    ]


def _compare(reference: Any, candidate: LlamaCpp, texts: Iterable[Text], *, special: bool) -> tuple[int, str]:
    """How many tokens were equal before the first difference, and that difference ("" when there is none)."""
    total, first = 0, ""
    for text in texts:
        wanted: list[int] = reference(
            text.content, add_special_tokens=False, split_special_tokens=not special, verbose=False
        )["input_ids"]
        given = candidate.tokenize(text.content, special=special)
        if wanted == given:
            total += len(wanted)
        elif not first:
            first = _difference(text, wanted, given, candidate)
    return total, first


def _difference(text: Text, wanted: list[int], given: list[int], candidate: LlamaCpp) -> str:
    pairs = enumerate(zip(wanted, given, strict=False))
    place = next((place for place, (one, other) in pairs if one != other), min(len(wanted), len(given)))
    offset = sum(len(candidate.token_bytes(token)) for token in given[:place])
    torch, gguf = wanted[place : place + 4], given[place : place + 4]
    return f"{text.name}, token {place} (byte {offset}): torch {torch}, GGUF {gguf}"


def _row(check: str, compared: str, total: int, first: str) -> Row:
    result = f"{total} tokens equal" if not first else "not equal"
    return Row(check=check, compared=compared, result=result, passed=not first, difference=first)
