// Which program to start and with what: everything that can be tested without an editor.

import * as path from "node:path";

/** What the settings say. */
export interface Settings {
  /** Path of the program; empty: find it. */
  path: string;
  /** Chain model; empty: the framework's own. */
  chain: string;
  /** More arguments. */
  extraArgs: string[];
}

/** What is known about the machine. */
export interface Machine {
  platform: string;
  /** Environment variables. */
  env: Record<string, string | undefined>;
  home: string;
  isFile(path: string): boolean;
}

/** A program and its arguments. */
export interface Command {
  command: string;
  args: string[];
}

const NAME = "cargo-crosslane";

/** The program's path, or nothing when it is nowhere. */
export function find(settings: Settings, machine: Machine): string | undefined {
  const paths = machine.platform === "win32" ? path.win32 : path.posix;
  const expand = (text: string) => (text.startsWith("~/") ? paths.join(machine.home, text.slice(2)) : text);
  if (settings.path !== "") {
    const given = expand(settings.path);
    return machine.isFile(given) ? given : undefined;
  }
  const file = machine.platform === "win32" ? `${NAME}.exe` : NAME;
  const cargo = machine.env["CARGO_HOME"] ?? paths.join(machine.home, ".cargo");
  const folders = (machine.env["PATH"] ?? "").split(paths.delimiter).filter((folder) => folder !== "");
  return [...folders, paths.join(cargo, "bin")].map((folder) => paths.join(folder, file)).find(machine.isFile);
}

/** The command that starts the server. */
export function serve(program: string, settings: Settings): Command {
  const chain = settings.chain === "" ? [] : ["--chain", settings.chain];
  return { command: program, args: ["lsp", "--stdio", ...chain, ...settings.extraArgs] };
}

/** What to say when there is no program. */
export function missing(settings: Settings): string {
  return settings.path === ""
    ? "cargo-crosslane was not found. Install it with `cargo install --locked cargo-crosslane`, or set crosslane.path."
    : `crosslane.path is set to ${settings.path}, which is no file.`;
}
