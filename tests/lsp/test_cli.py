"""`coder-lsp` as a process, over stdio and TCP, with the model that ships."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.lsp.client import LanguageClient

COMMAND = str(Path(sys.executable).with_name("coder-lsp"))
PULLING = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(diagnostic=types.DiagnosticClientCapabilities())
)


@pytest.fixture
async def client() -> AsyncIterator[LanguageClient]:
    """Connected to a real server by pipes; it is told to exit at the end."""
    client = LanguageClient("editor", "1")
    await client.start_io(COMMAND, "--stdio")
    yield client
    await client.shutdown_async(None)
    client.exit(None)
    async with asyncio.timeout(10):
        await client.stop()
    assert client._server is not None
    assert client._server.returncode == 0


async def test_a_session_with_the_model_that_ships(client: LanguageClient, tmp_path: Path) -> None:
    await client.initialize_async(types.InitializeParams(PULLING))
    client.initialized(types.InitializedParams())
    uri = (tmp_path / "a.py").as_uri()
    text = "import os\n\n\ndef add(a, b):\n    return \n"
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", 1, text)))
    document = types.TextDocumentIdentifier(uri)
    report = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(document))
    assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
    assert "F401" in {diagnostic.code for diagnostic in report.items}
    await ready(client)
    context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked)
    params = types.InlineCompletionParams(context, document, types.Position(4, 11))
    result = await client.text_document_inline_completion_async(params)
    assert isinstance(result, types.InlineCompletionList)
    (item,) = result.items
    assert str(item.insert_text).strip()
    assert str(item.insert_text) == str(item.insert_text).rstrip()


async def ready(client: LanguageClient) -> None:
    """Wait until the model is loaded."""
    async with asyncio.timeout(120):
        while True:
            status: Any = await client.workspace_execute_command_async(types.ExecuteCommandParams("coder.status"))
            assert status["state"] in ("loading", "ready"), status["error"]
            if status["ready"]:
                return
            await asyncio.sleep(0.1)


def message(**content: Any) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", **content}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


INITIALIZE = message(id=1, method="initialize", params={"capabilities": {}, "processId": None, "rootUri": None})
EXIT = message(method="exit")


def converse(*messages: bytes) -> subprocess.CompletedProcess[bytes]:
    """Send messages, then close the pipe."""
    return subprocess.run(
        [COMMAND, "--no-model"], input=b"".join(messages), capture_output=True, timeout=30, check=False
    )


def test_nothing_but_lsp_on_stdout_and_the_process_ends_with_its_client() -> None:
    gone = converse(INITIALIZE)
    head, _, body = gone.stdout.partition(b"\r\n\r\n")
    assert head.startswith(b"Content-Length: ")
    assert json.loads(body)["result"]["serverInfo"]["name"] == "coder"
    assert gone.returncode == 1


def test_exit_without_shutdown_is_1_and_after_it_0() -> None:
    assert converse(INITIALIZE, EXIT).returncode == 1
    assert converse(INITIALIZE, message(id=2, method="shutdown"), EXIT).returncode == 0


def test_exit_ends_the_process_while_the_client_keeps_the_pipe_open() -> None:
    with subprocess.Popen([COMMAND, "--no-model"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        process.stdin.write(INITIALIZE + message(id=2, method="shutdown") + EXIT)
        process.stdin.flush()
        assert process.wait(timeout=30) == 0


def test_a_client_that_died_without_a_word_takes_the_server_with_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as editor:
        parameters = {"capabilities": {}, "processId": editor.pid, "rootUri": None}
        hello = message(id=1, method="initialize", params=parameters)
        command = [COMMAND, "--no-model"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdin is not None
            assert server.stdout is not None
            server.stdin.write(hello + message(method="initialized", params={}))
            server.stdin.flush()
            while b"coder/status" not in server.stdout.read1():
                pass
            editor.kill()
            editor.wait()
            assert server.wait(timeout=30) == 1


def test_one_client_over_tcp() -> None:
    command = [COMMAND, "--no-model", "--tcp", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            port = int(server.stderr.readline().rsplit(":", 1)[1])
            connection = socket.create_connection(("127.0.0.1", port), timeout=30)
            with connection, connection.makefile("rb") as answers:
                connection.sendall(INITIALIZE)
                assert answers.readline().startswith(b"Content-Length: ")
            assert server.wait(timeout=30) == 1
        finally:
            server.kill()


def test_a_port_that_is_taken_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = subprocess.run([COMMAND, "--tcp", port], capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 2
    assert result.stderr == f"coder-lsp: port {port} cannot be used (Address already in use); choose another one\n"


def test_stdio_and_tcp_exclude_each_other() -> None:
    command = [COMMAND, "--stdio", "--tcp", "1"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert "exclude each other" in result.stderr
