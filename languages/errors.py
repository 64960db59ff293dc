"""The one exception that people see.

`CoderError` carries a sentence that says what to do. It is raised where the mistake is understood and turned
into text once, at a door (command line, HTTP, LSP). It does not know which door that will be.
"""

from __future__ import annotations


class CoderError(Exception):
    """A mistake that the user can mend: bad input, a missing file, an impossible option.

    `message` is one sentence that says what is wrong and what to do; `code` is a stable snake_case name for
    programs (it becomes `error.code` over HTTP).
    """

    def __init__(self, message: str, *, code: str = "bad_input") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
