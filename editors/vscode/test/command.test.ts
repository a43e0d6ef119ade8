import assert from "node:assert/strict";
import test from "node:test";
import { find, missing, serve, type Machine, type Settings } from "../src/command";

const none: Settings = { path: "", chain: "", extraArgs: [] };

function machine(files: string[], env: Record<string, string>, platform = "linux"): Machine {
  return { platform, env, home: platform === "win32" ? "C:\\Users\\a" : "/u/a", isFile: (path) => files.includes(path) };
}

test("the program on PATH comes before cargo's folder", () => {
  const both = ["/usr/bin/cargo-crosslane", "/u/a/.cargo/bin/cargo-crosslane"];
  assert.equal(find(none, machine(both, { PATH: "/bin:/usr/bin" })), both[0]);
  assert.equal(find(none, machine(both, { PATH: "" })), both[1]);
  assert.equal(find(none, machine([], { PATH: "/bin" })), undefined);
});

test("CARGO_HOME and Windows", () => {
  const files = ["D:\\cargo\\bin\\cargo-crosslane.exe"];
  assert.equal(find(none, machine(files, { PATH: "C:\\bin;;C:\\x", CARGO_HOME: "D:\\cargo" }, "win32")), files[0]);
});

test("a path in the settings is taken or nothing is", () => {
  const files = ["/u/a/bin/crosslane", "/usr/bin/cargo-crosslane"];
  const given = { ...none, path: "~/bin/crosslane" };
  assert.equal(find(given, machine(files, { PATH: "/usr/bin" })), files[0]);
  const wrong = { ...none, path: "/nowhere" };
  assert.equal(find(wrong, machine(files, { PATH: "/usr/bin" })), undefined);
  assert.match(missing(wrong), /\/nowhere/);
  assert.match(missing(none), /cargo install/);
});

test("arguments", () => {
  assert.deepEqual(serve("x", none), { command: "x", args: ["lsp", "--stdio"] });
  const some = { ...none, chain: "occ", extraArgs: ["--all"] };
  assert.deepEqual(serve("x", some).args, ["lsp", "--stdio", "--chain", "occ", "--all"]);
});
