#!/usr/bin/env python3
"""Time from an edit to its findings, and memory over many edits.

usage: latency.py PROGRAM FILE [EDITS]     prints percentiles in milliseconds and resident memory before and after
"""
import json, pathlib, subprocess, sys, time

program, file, edits = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), int(sys.argv[3]) if len(sys.argv) > 3 else 200
server = subprocess.Popen([program, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
uri, text = file.as_uri(), file.read_text()
number = 0


def send(method, params, id=None):
    body = {"jsonrpc": "2.0", "method": method, "params": params} | ({"id": id} if id is not None else {})
    data = json.dumps(body).encode()
    server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
    server.stdin.flush()


def receive():
    length = 0
    while (line := server.stdout.readline().strip()):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return json.loads(server.stdout.read(length))


def ask(method, params):
    global number
    number += 1
    send(method, params, number)
    while (message := receive()).get("id") != number:
        pass
    return message["result"]


def settle():
    """Lenses are answered when the newest text is known, after its findings were published."""
    return ask("textDocument/codeLens", {"textDocument": {"uri": uri}})


def memory():
    with open(f"/proc/{server.pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


ask("initialize", {"capabilities": {}, "processId": None, "rootUri": None})
send("initialized", {})
send("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "rust", "version": 1, "text": text}})
start = time.perf_counter()
lenses = settle()
print(f"first: {(time.perf_counter() - start) * 1000:.0f} ms, {len(lenses)} lenses, {memory()} MiB")
times = []
for at in range(edits):
    # A line of another length at another place each time: everything behind it moves.
    lines = text.split("\n")
    lines.insert(at * 37 % len(lines), "// " + "x" * (at % 40))
    new = "\n".join(lines)
    start = time.perf_counter()
    send("textDocument/didChange", {"textDocument": {"uri": uri, "version": at + 2}, "contentChanges": [{"text": new}]})
    settle()
    times.append((time.perf_counter() - start) * 1000)
    if at == min(100, edits // 4):
        print(f"memory after {at} edits: {memory()} MiB")
times.sort()
print(f"{edits} edits: p50 {times[len(times) // 2]:.1f} ms, p95 {times[int(len(times) * 0.95)]:.1f} ms, max {times[-1]:.1f} ms")
print(f"memory after {edits} edits: {memory()} MiB")
ask("shutdown", None)
send("exit", None)
print("exit", server.wait(10))
