"""What a file takes from elsewhere, one `Import` for each name that it makes known.

It does not know whether the module exists, nor which of the names are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from languages.finding import Range

ImportKind = Literal["import", "from", "alias", "require", "use"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One name that is made known.

    `module` is written as in the text ("os.path", "net/http", ".models", "Shop.Item"); `name` is what is taken out of
    it, "*" for everything; `alias` is an explicit other name (in Go also "_" and ".").
    """

    module: str
    kind: ImportKind
    range: Range
    name: str | None = None
    alias: str | None = None

    @property
    def local_name(self) -> str:
        """What the file calls it."""
        if self.alias is not None:
            return self.alias
        if self.kind == "import" and "/" not in self.module:
            return self.module
        return self.name or self.module.rsplit("/", 1)[-1].rsplit(".", 1)[-1]
