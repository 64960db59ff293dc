"""`workspace/executeCommand`. Each command is one small function; what it answers is made elsewhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsp.server import CoderServer

STATUS = "coder.status"


def register_commands(server: CoderServer) -> None:
    """Offer the commands to clients."""

    @server.command(STATUS)
    async def status(*arguments: Any) -> dict[str, Any]:
        """Whether the model is ready, why the last ghost text was empty, and which tools are missing."""
        await asyncio.to_thread(server.status.find_tools)
        return server.status.to_json()
