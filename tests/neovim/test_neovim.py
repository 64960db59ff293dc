"""The plugin in the real Neovim, with real keys, against the real `coder-lsp` and the model that ships.

With `CODER_UPDATE_SCREENS=1` the screen that a person sees is written to docs/images/neovim.txt.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pynvim
import pytest

from tests.tools import require_tool

ROOT = Path(__file__).parents[2]
SCREEN = ROOT / "docs" / "images" / "neovim.txt"
COLUMNS, LINES = 84, 18
READ_SCREEN = """
local rows = {}
for row = 1, vim.o.lines do
  local cells = {}
  for column = 1, vim.o.columns do
    cells[column] = vim.fn.screenstring(row, column)
  end
  rows[row] = table.concat(cells)
end
return rows
"""
SET_UP = """
vim.opt.runtimepath:prepend({root!r})
vim.lsp.config('coder', {{ cmd = {{ {server!r}, '--stdio' }} }})
vim.diagnostic.config({{ virtual_text = true, update_in_insert = true }})
vim.opt.showmode = false
vim.opt.signcolumn = 'yes'
"""


class Neovim:
    """A Neovim with a screen of its own."""

    def __init__(self, nvim: Any) -> None:
        self.nvim = nvim

    def close(self) -> None:
        """End it. pynvim leaves its pipes to the garbage collector, whose complaints are not ours."""
        self.nvim.command("qall!", async_=True)
        self.nvim.close()
        self.nvim = None
        hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
        try:
            gc.collect()
        finally:
            sys.unraisablehook = hook

    def keys(self, keys: str) -> None:
        self.nvim.input(keys)

    def lua(self, code: str) -> Any:
        return self.nvim.exec_lua(code)

    def screen(self) -> str:
        """What stands on the screen, ghost text included."""
        self.nvim.command("redraw")
        return "\n".join(row.rstrip() for row in self.lua(READ_SCREEN))

    def until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until `condition` holds; the screen is the message when it never does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.nvim.api.get_mode()["blocking"]:
                # A Neovim that waits at "Press ENTER" answers no other question.
                self.keys("<CR>")
            elif condition():
                return
            time.sleep(0.05)
        pytest.fail(f"still not so after {seconds} s:\n{self.screen()}")


@pytest.fixture
def neovim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Neovim]:
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    init = tmp_path / "init.lua"
    init.write_text(SET_UP.format(root=str(ROOT / "neovim"), server=str(require_tool("coder-lsp"))))
    socket = str(tmp_path / "nvim.sock")
    command = [str(require_tool("nvim")), "--headless", "--listen", socket, "-n", "-i", "NONE", "-u", str(init)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not Path(socket).exists():
            assert process.poll() is None
            time.sleep(0.02)
        neovim = Neovim(pynvim.attach("socket", path=socket))
        neovim.nvim.ui_attach(COLUMNS, LINES, rgb=True)
        try:
            yield neovim
        finally:
            neovim.close()
            process.wait(timeout=30)


def open_project(neovim: Neovim, folder: Path) -> None:
    (folder / "project").mkdir()
    file = folder / "project" / "shop.py"
    file.write_text("import os\n\n\ndef add(a, b):\n    return\n")
    neovim.nvim.command(f"cd {file.parent}")
    neovim.nvim.command(f"edit {file.name}")
    neovim.until(lambda: bool(neovim.lua("return require('coder').status and require('coder').status.ready")))


def type_until_ghost_text(neovim: Neovim) -> None:
    """Go behind `return` and type a space; on a busy machine the first answers come too late, so type it again."""
    neovim.keys("GA ")
    asked = time.monotonic()

    def appeared() -> bool:
        nonlocal asked
        if time.monotonic() - asked > 12:
            neovim.keys("<BS> ")
            asked = time.monotonic()
        return "    return a + b" in neovim.screen()

    neovim.until(appeared, 120)


def test_a_diagnostic_appears_and_ghost_text_appears_and_is_accepted(neovim: Neovim, tmp_path: Path) -> None:
    open_project(neovim, tmp_path)
    neovim.until(lambda: "`os` imported but unused" in neovim.screen())
    type_until_ghost_text(neovim)
    assert neovim.nvim.current.line == "    return "
    screen = neovim.screen()
    print(screen)
    if os.environ.get("CODER_UPDATE_SCREENS"):
        SCREEN.write_text(screen + "\n")
    neovim.keys("<Tab>")
    neovim.until(lambda: bool(neovim.nvim.current.line == "    return a + b"))
    assert neovim.nvim.current.window.cursor == (5, len("    return a + b"))


def test_keys_do_what_they_did_before_where_there_is_no_ghost_text(neovim: Neovim, tmp_path: Path) -> None:
    open_project(neovim, tmp_path)
    type_until_ghost_text(neovim)
    neovim.keys("a +")
    neovim.until(lambda: "    return a + b" in neovim.screen())
    assert neovim.lua("return require('coder.ghost_text').accept ~= nil")
    neovim.keys("<C-]>")
    neovim.until(lambda: "    return a + b" not in neovim.screen())
    assert neovim.nvim.current.line == "    return a +"
    neovim.keys("<Esc>:set noexpandtab<CR>ggO<Tab>")
    neovim.until(lambda: bool(neovim.nvim.current.line == "\t"))


def test_coder_status_and_checkhealth_say_what_runs(neovim: Neovim, tmp_path: Path) -> None:
    open_project(neovim, tmp_path)
    neovim.nvim.command("CoderStatus")
    neovim.until(lambda: "model: " in neovim.nvim.command_output("messages"))
    neovim.nvim.command("checkhealth coder")
    report = "\n".join(neovim.nvim.current.buffer)
    assert "the model is ready" in report
    assert "ERROR" not in report
