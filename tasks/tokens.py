"""Control tokens: the marks in a prompt that are not text.

A prompt names a `Control`; a `ControlIds` says which vocabulary id that is in one model. The base vocabulary has
reserved ids that its training never used (`<jupyter_code>`, `<gh_stars>`, ...), and we reuse those, so the vocabulary
does not grow and any llama.cpp host can load the result. This file knows nothing of tokenizers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Control(Enum):
    """What a control token means to the model. The value is its name in `coder.json` and in GGUF metadata."""

    FIM_PREFIX = "fim_prefix"
    FIM_SUFFIX = "fim_suffix"
    FIM_MIDDLE = "fim_middle"
    FILE_SEPARATOR = "file_separator"
    FILE_NAME = "file_name"
    JUDGE = "judge"
    END = "end"


#: Reserved pieces of the SmolLM2 vocabulary, and what Coder makes them mean.
RESERVED_PIECES: Mapping[Control, str] = {
    Control.FIM_PREFIX: "<gh_stars>",
    Control.FIM_SUFFIX: "<issue_start>",
    Control.FIM_MIDDLE: "<issue_comment>",
    Control.FILE_SEPARATOR: "<file_sep>",
    Control.FILE_NAME: "<filename>",
    Control.JUDGE: "<jupyter_start>",
    Control.END: "<|endoftext|>",
}


@dataclass(frozen=True, slots=True)
class ControlIds:
    """The vocabulary id of each control token that a model knows; a base model knows few or none."""

    ids: Mapping[Control, int]

    def get(self, control: Control) -> int | None:
        """The id of `control`, or None when this model was not trained with it."""
        return self.ids.get(control)

    @property
    def can_fill_in_the_middle(self) -> bool:
        """True when the three FIM tokens are there."""
        fim = (Control.FIM_PREFIX, Control.FIM_SUFFIX, Control.FIM_MIDDLE)
        return all(control in self.ids for control in fim)
