"""The VS Code extension: what is committed, and the `.vsix` that is built from it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.tools import missing, require_tool

EXTENSION = Path(__file__).parents[2] / "vscode-extension"
NO_NETWORK = re.compile("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH")


def manifest() -> Any:
    return json.loads((EXTENSION / "package.json").read_text())


def test_the_lock_names_no_host_and_every_package_has_a_hash() -> None:
    lock = json.loads((EXTENSION / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if "integrity" not in package] == []


def test_commands_settings_and_languages_are_those_of_the_code() -> None:
    source = "".join(path.read_text() for path in (EXTENSION / "src").glob("*.ts"))
    contributes = manifest()["contributes"]
    assert set(re.findall(r'registerCommand\("([^"]+)"', source)) == {
        command["command"] for command in contributes["commands"]
    }
    assert {f"coder.{name}" for name in re.findall(r'get<string>\("(\w+)"', source)} == set(
        contributes["configuration"]["properties"]
    )
    languages = json.loads(re.findall(r"LANGUAGES = (\[.*?\])", source)[0])
    assert manifest()["activationEvents"] == [f"onLanguage:{language}" for language in languages]


@pytest.mark.slow
def test_the_vsix_builds_from_the_lock_and_holds_the_bundle(tmp_path: Path) -> None:
    npm = require_tool("npm")
    environment = os.environ | {"PATH": f"{npm.parent}{os.pathsep}{os.environ['PATH']}"}
    folder = tmp_path / "extension"
    shutil.copytree(EXTENSION, folder, ignore=shutil.ignore_patterns("node_modules", "out", "*.vsix"))
    for step in (["ci", "--no-audit", "--no-fund"], ["run", "package"]):
        done = subprocess.run(
            [npm, *step], cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False
        )
        if NO_NETWORK.search(done.stderr):
            missing("the npm registry cannot be reached")
        assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(folder / "coder.vsix") as package:
        files = {name.removeprefix("extension/") for name in package.namelist() if name.startswith("extension/")}
        packed = json.loads(package.read("extension/package.json"))
        bundle = package.read("extension/out/extension.js").decode()
    assert files == {"package.json", "readme.md", "LICENSE.txt", "out/extension.js"}
    assert (packed["name"], packed["license"], packed["main"]) == ("coder", "Apache-2.0", "./out/extension.js")
    assert 'require("vscode")' in bundle
    assert "coder/status" in bundle
    assert "textDocument/inlineCompletion" in bundle
