"""Text to vocabulary ids for training, exactly as serving does it: nothing added, special tokens in text never parsed.

It wraps the checkpoint's own `tokenizer.json` and knows which vocabulary id each control token reuses. It knows
nothing of tasks or models.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from languages.errors import CoderError
from tasks.tokens import RESERVED_PIECES, Control, ControlIds

#: The control tokens that the spine's tasks use, and so the ones that a checkpoint has.
TRAINED = (Control.FIM_PREFIX, Control.FIM_SUFFIX, Control.FIM_MIDDLE, Control.JUDGE, Control.END)
#: Those that the base model never saw in training, so their embeddings are trained. END is its own end of text.
NEW = (Control.FIM_PREFIX, Control.FIM_SUFFIX, Control.FIM_MIDDLE, Control.JUDGE)
#: The files of a tokenizer that a checkpoint carries on.
FILES = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")


class CodeTokenizer:
    """A byte-level BPE tokenizer and the control tokens of its vocabulary."""

    def __init__(self, directory: Path) -> None:
        """Read `directory/tokenizer.json`; `CoderError` when it is missing or lacks a reserved piece."""
        from tokenizers import Tokenizer

        path = directory / "tokenizer.json"
        if not path.is_file():
            raise CoderError(f"{path} is missing; a base model needs its tokenizer.")
        self.directory = directory
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.encode_special_tokens = True
        self.controls = ControlIds({control: self._control_id(control) for control in TRAINED})
        # Each character of a byte-level piece stands for one byte.
        self._lengths = {
            index: len(piece) for piece, index in self._tokenizer.get_vocab(with_added_tokens=False).items()
        }

    def encode(self, text: str) -> list[int]:
        """The ids of `text`."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of many texts, on all cores."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def lengths(self, ids: Sequence[int]) -> list[int]:
        """How many bytes each of these tokens (of text, not control tokens) is."""
        return [self._lengths[index] for index in ids]

    def id_of(self, control: Control) -> int:
        """The vocabulary id of a control token in `TRAINED`."""
        return self.controls.ids[control]

    def _control_id(self, control: Control) -> int:
        found: int | None = self._tokenizer.token_to_id(RESERVED_PIECES[control])
        if found is None:
            raise CoderError(
                f"The base model's vocabulary has no {RESERVED_PIECES[control]}, which Coder uses as {control.value}; "
                "take a base with the SmolLM2 vocabulary."
            )
        return found
