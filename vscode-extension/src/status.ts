// What the server says of itself, in the status bar and as text.
import * as vscode from "vscode";

export interface Status {
  version: string;
  model: string | null;
  ready: boolean;
  state: "none" | "loading" | "ready" | "failed";
  error: string | null;
  last_empty_completion: { reason: string; message: string; uri: string } | null;
  missing_tools: string[];
  failures: { tool: string; reason: string }[];
}

const ICONS = { none: "$(circle-slash)", loading: "$(loading~spin)", ready: "$(check)", failed: "$(warning)" };

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("coder.status", vscode.StatusBarAlignment.Right);

  constructor() {
    this.item.name = "Coder";
    this.item.command = "coder.showStatus";
    this.item.show();
  }

  starting(): void {
    this.set(`${ICONS.loading} Coder`, "Coder's server is starting");
  }

  failed(reason: string): void {
    this.set(`${ICONS.failed} Coder`, reason);
  }

  show(status: Status): void {
    this.set(`${ICONS[status.state]} Coder`, report(status));
  }

  dispose(): void {
    this.item.dispose();
  }

  private set(text: string, tooltip: string): void {
    this.item.text = text;
    this.item.tooltip = tooltip;
  }
}

export function report(status: Status): string {
  const lines = [`version: ${status.version}`, `model: ${status.ready ? status.model : status.state}`];
  if (status.error) {
    lines.push(`error: ${status.error}`);
  }
  if (status.last_empty_completion) {
    lines.push(`last empty ghost text: ${status.last_empty_completion.message}`);
  }
  if (status.missing_tools.length > 0) {
    lines.push(`not installed: ${status.missing_tools.join(", ")}`);
  }
  return lines.concat(status.failures.map(({ tool, reason }) => `${tool}: ${reason}`)).join("\n");
}
