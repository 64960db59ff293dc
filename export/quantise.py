"""Which types a GGUF file can have, and how it gets them.

F32, F16, BF16 and Q8_0 are written by `export/gguf.py`; the others are made by llama.cpp from an F32 file, which copies
all metadata. It does not know what the numbers mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from export.gguf import FILE_TYPES, replacing
from export.progress import progress_bar
from languages.errors import CoderError

#: Types that llama.cpp makes, and their `enum llama_ftype`.
LLAMA_TYPES: Mapping[str, int] = {
    "Q4_0": 2,
    "Q4_1": 3,
    "Q5_0": 8,
    "Q5_1": 9,
    "Q2_K": 10,
    "Q3_K_S": 11,
    "Q3_K_M": 12,
    "Q3_K_L": 13,
    "Q4_K_S": 14,
    "Q4_K_M": 15,
    "Q5_K_S": 16,
    "Q5_K_M": 17,
    "Q6_K": 18,
    "IQ4_NL": 25,
    "IQ4_XS": 30,
}


def known_types() -> list[str]:
    """Every type, largest first among those written directly, then llama.cpp's."""
    return [*FILE_TYPES, *LLAMA_TYPES]


def parse_type(text: str) -> str:
    """The type's name as we write it ("q4-k-m" -> "Q4_K_M"); `CoderError` names the nearest for an unknown one."""
    name = text.strip().upper().replace("-", "_")
    if name in known_types():
        return name
    nearest = get_close_matches(name, known_types(), n=1, cutoff=0.0)[0]
    raise CoderError(f'There is no type "{text}"; the nearest is {nearest}. All: {", ".join(known_types())}.')


def quantise(source: Path, target: Path, file_type: str) -> None:
    """Make `target` from the F32 GGUF `source`; `file_type` is a key of `LLAMA_TYPES`. Whole or not at all."""
    from inference.native import llama_library, take_errors

    library = llama_library()
    parameters = library.llama_model_quantize_default_params()
    parameters.ftype = LLAMA_TYPES[file_type]
    take_errors()
    with replacing(target) as partial, progress_bar(f"Quantising to {file_type}", 1) as advance:
        if library.llama_model_quantize(str(source).encode(), str(partial).encode(), parameters) != 0:
            reason = take_errors() or "llama.cpp gives no reason"
            raise CoderError(f"llama.cpp could not make {target.name} as {file_type}: {reason}.")
        advance(1)
