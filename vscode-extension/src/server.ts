// Where coder-lsp is: the setting, then PATH, then the workspace's virtual environment when the workspace is trusted.
import * as fs from "fs";
import * as path from "path";
import * as vscode from "vscode";

const isWindows = process.platform === "win32";
const NAME = isWindows ? "coder-lsp.exe" : "coder-lsp";

export function findServer(): string {
  const chosen = vscode.workspace.getConfiguration("coder").get<string>("serverPath", "").trim();
  return chosen || candidates().find(isFile) || NAME;
}

function candidates(): string[] {
  const onPath = (process.env.PATH ?? "").split(path.delimiter).filter(path.isAbsolute);
  const folders = vscode.workspace.isTrusted ? vscode.workspace.workspaceFolders ?? [] : [];
  const environments = folders.map((folder) => path.join(folder.uri.fsPath, ".venv", isWindows ? "Scripts" : "bin"));
  return [...onPath, ...environments].map((folder) => path.join(folder, NAME));
}

function isFile(file: string): boolean {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
