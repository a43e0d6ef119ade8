#!/usr/bin/env python3
"""One row of docs/src/published.md for each contract: its hottest cell with a cure, and what the cure yields.

    published.py --bin cargo-crosslane [--cost N] [--lanes 16] FOLDER…

Two workloads, both of 2,000 calls with seed 1: the default one (every public entry point equally often), and one of
only those entry points that write the cell. Figures are speedups over one call after the other, before and after the
cure, and where more than one cure helps after all of them (how many): of the first on --lanes, of the second on --lanes
and on the chain's own workers. With --cost every call is taken to use so much, which fills the chain's own limits: then
calls a block before and after are told too. Nothing is written but temporary files.
"""
import argparse, json, os, subprocess, sys, tempfile

WRITES = ("write", "update", "commute", "append", "delete")


def run(binary, folder, *args):
    command = [binary, *args, "-q", "--offline", "--manifest-path", os.path.join(folder, "Cargo.toml")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 2:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def simulate(binary, folder, *args):
    return run(binary, folder, "simulate", "--message-format", "json", *args)["contracts"]


def cured(contract, wanted=None):
    """The hottest cell with a cure and its preferred cure; or the one that is wanted."""
    for cell in contract["cells"]:
        for cure in cell["cures"]:
            if wanted in (None, cure["title"]):
                return cell, cure
    return None, None


def times(before, after):
    """Before, after the cure, and after all cures one after the other where there are more."""
    text = f"{before['speedup']:.2f}×" + (f" → {after['speedup']:.2f}×" if after else "")
    all_of_them = before["together"]
    if len(all_of_them) > 1:
        text += f" → {all_of_them[-1]['after']['speedup']:.2f}× ({len(all_of_them)})"
    return text


def room(before, after):
    calls = lambda of: str(of["room"]["calls"]) if of["room"] else "all 2,000"
    return f"{calls(before)} → {calls(after)}" if before["room"] and after else "–"


def profile(folder, name, entries, cost):
    lines = ["version = 1"]
    for entry in entries:
        lines += [f"[entries.{json.dumps(entry)}]", "weight = 1"] + ([f"cost = {cost}"] if cost else [])
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return ["--profile", path]


def row(binary, folder, lanes, cost, scratch):
    manifest = run(binary, folder, "manifest", "--output", "-")
    for wide in simulate(binary, folder, "--lanes", lanes):
        contract = next(one for one in manifest["contracts"] if one["name"] == wide["contract"])
        title = f"{contract['package']} {contract['package_version']}"
        title += f" `{contract['name']}`" if contract["name"] != contract["package"] else ""
        cell, cure = cured(wide)
        if not cell and wide["together"]:
            cell, cure = {"cell": wide["hot_units"][0]["cell"]}, wide["together"][0]
        if not cell:
            hot = wide["hot_units"][0]["cell"] if wide["hot_units"] else "–"
            why = next((one.get("not_offered") or one.get("inherent") for one in wide["cells"]), None)
            yield [title, hot, f"none: {why or 'nothing helps'}", "", times(wide, None), "", "", ""]
            continue
        writers = [entry["name"] for entry in contract["entries"] if entry["kind"] == "call" and not any(
            other.get("refines") == entry["name"] for other in contract["entries"]) and entry["callers"] == "anyone" and any(
            access["cell"] == cell["cell"] and access["mode"] in WRITES for access in entry["accesses"])]
        counter = own = block = "–"
        if writers:
            only = profile(scratch, "only.toml", writers, cost)
            some = next(one for one in simulate(binary, folder, "--lanes", lanes, *only) if one["contract"] == wide["contract"])
            after = cured(some, cure["title"])[1]
            counter = times(some, after and after["after"])
            try:
                narrow = next(one for one in simulate(binary, folder, *only) if one["contract"] == wide["contract"])
                after = cured(narrow, cure["title"])[1]
                if narrow["lanes"] != int(lanes) or cost:
                    own, block = times(narrow, after and after["after"]), room(narrow, after and after["after"])
            except RuntimeError:
                pass
        yield [title, cell["cell"], cure["title"], cure["upgrade"], times(wide, cure["after"]), counter, own, block]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="cargo-crosslane")
    parser.add_argument("--lanes", default="16")
    parser.add_argument("--cost", type=int)
    parser.add_argument("folders", nargs="+")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for folder in args.folders:
            try:
                for cells in row(args.bin, folder, args.lanes, args.cost, scratch):
                    print("| " + " | ".join(cells) + " |", flush=True)
            except (RuntimeError, ValueError, StopIteration) as error:
                print(f"{folder}: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
