"""The texts that verification reads: the running Python's standard library, and strings made to trip tokenizers."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Directories of the standard library's folder that are not the standard library, or not code that people write.
_FOREIGN = {"site-packages", "dist-packages", "__pycache__", "lib2to3", "idlelib", "turtledemo"}
_LARGEST = 120_000

AWKWARD = (
    "",
    " ",
    "\n\n\n",
    "\t\tx\t",
    "    \n  \n\tif x:\r\n        pass   \n",
    " " * 65 + "x" + "\t" * 17,
    "1234567890 3.14159e-10 0x7fffffff 1_000_000 1,2,3 v1.2.3",
    "x1y22z333 ½ ² Ⅷ ٣٤٥ 一二三 ①②",
    "naïve café Ünïcödé – “quotes” … ¿qué?",
    "日本語のコメント 中文注释 한국어 주석 עברית العربية हिन्दी ไทย",
    "e\u0301 a\u0308 \u200b zero\u200dwidth \ufeff bom \u00a0 nbsp \u3000 wide \u2028 line",
    "👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 👍🏽 \U0001f9d1\u200d\U0001f4bb",
    "it's we'll I'D they'RE x's 'tis don''t",
    "\x00\x01\x1b[31mred\x1b[0m\x7f",
    "<|im_start|>user\n<|endoftext|><file_sep> <gh_stars>5<issue_start>",
    "!!!???...---===>>><<<&&&||| ;;; {{{}}} [[[]]] ((()))",
    'def f(x: int) -> str: """doc""" # комментарий\n    return f"{x!r:>10}"',
    "defmodule A do\n  @spec f(integer) :: :ok\n  def f(_), do: :ok |> IO.inspect(label: ~s(é))\nend\n",
    'func (s *T) F() (n int, err error) {\n\treturn 0, fmt.Errorf("%w: `x`", err)\n}\n',
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text and the name to find it again by."""

    name: str
    content: str


def code_files(count: int) -> list[Text]:
    """`count` files of the running Python's standard library, evenly over all of them, always the same."""
    folder = Path(sysconfig.get_path("stdlib"))
    paths = [path for path in sorted(folder.rglob("*.py")) if not _FOREIGN & set(path.relative_to(folder).parts)]
    texts = list(_readable(paths[:: max(1, len(paths) // (2 * count))], folder))
    return texts[:: max(1, len(texts) // count)][:count]


def awkward_texts() -> list[Text]:
    """The strings above, named by their number."""
    return [Text(f"awkward string {number}", text) for number, text in enumerate(AWKWARD)]


def _readable(paths: Sequence[Path], folder: Path) -> Iterator[Text]:
    for path in paths:
        try:
            content = path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if 0 < len(content) <= _LARGEST:
            yield Text(str(path.relative_to(folder)), content)
