// Starts `cargo crosslane lsp` for Rust files. Everything else is the server's.

import { statSync } from "node:fs";
import { homedir } from "node:os";
import * as vscode from "vscode";
import { LanguageClient } from "vscode-languageclient/node";
import { find, missing, serve, type Settings } from "./command";

let client: LanguageClient | undefined;

function settings(): Settings {
  const all = vscode.workspace.getConfiguration("crosslane");
  return {
    path: all.get<string>("path", ""),
    chain: all.get<string>("chain", ""),
    extraArgs: all.get<string[]>("extraArgs", []),
  };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

async function start(): Promise<void> {
  const wanted = settings();
  const program = find(wanted, { platform: process.platform, env: process.env, home: homedir(), isFile });
  if (program === undefined) {
    void vscode.window.showWarningMessage(missing(wanted));
    return;
  }
  const watched = vscode.workspace.createFileSystemWatcher("**/{Cargo.toml,Cargo.lock,crosslane.toml,crosslane.json}");
  client = new LanguageClient("crosslane", "Crosslane", serve(program, wanted), {
    documentSelector: [{ scheme: "file", language: "rust" }],
    synchronize: { fileEvents: watched },
  });
  await client.start();
}

async function stop(): Promise<void> {
  await client?.stop();
  client = undefined;
}

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const restart = async () => {
    await stop();
    await start();
  };
  context.subscriptions.push(
    vscode.commands.registerCommand("crosslane.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("crosslane")) {
        void restart();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await stop();
}
