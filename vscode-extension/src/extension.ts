// Starts the language server, shows its status, and offers two commands. Ghost text, diagnostics and hovers are
// registered by vscode-languageclient from what the server says it can do.
import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";
import { findServer } from "./server";
import { Status, StatusItem, report } from "./status";

const LANGUAGES = ["elixir", "go", "python"];

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const item = new StatusItem();
  context.subscriptions.push(
    item,
    vscode.commands.registerCommand("coder.showStatus", showStatus),
    vscode.commands.registerCommand("coder.restartServer", () => restart(item)),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration("coder")) {
        await restart(item);
      }
    }),
  );
  await start(item);
}

export async function deactivate(): Promise<void> {
  await stop();
}

async function start(item: StatusItem): Promise<void> {
  const command = findServer();
  const model = vscode.workspace.getConfiguration("coder").get<string>("model", "");
  const args = model ? ["--model", model] : [];
  client = new LanguageClient(
    "coder",
    "Coder",
    { command, args: ["--stdio", ...args] },
    { documentSelector: LANGUAGES.flatMap((language) => [{ scheme: "file", language }, { scheme: "untitled", language }]) },
  );
  client.onNotification("coder/status", (status: Status) => item.show(status));
  item.starting();
  try {
    await client.start();
  } catch (error) {
    item.failed(String(error));
    await offerSettings(`Coder could not start ${command}: ${error}`);
  }
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  if (running?.isRunning()) {
    await running.stop();
  }
}

async function restart(item: StatusItem): Promise<void> {
  await stop();
  await start(item);
}

async function showStatus(): Promise<void> {
  if (!client?.isRunning()) {
    await offerSettings("Coder's server is not running.");
    return;
  }
  const status = await client.sendRequest<Status>("workspace/executeCommand", { command: "coder.status" });
  await vscode.window.showInformationMessage("Coder", { modal: true, detail: report(status) });
}

async function offerSettings(message: string): Promise<void> {
  const open = "Open Settings";
  if ((await vscode.window.showErrorMessage(message, open)) === open) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "coder.serverPath");
  }
}
