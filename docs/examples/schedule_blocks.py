"""Schedules many blocks with Dask: map over blocks, reduce to a report.

Blocks are independent of each other, so their schedules are too: the map step runs `cargo-crosslane schedule` on one
block's calls, the reduce step adds up figures. On Spark the same two functions go into `sc.parallelize(blocks).map(one)
.reduce(add)`, on Ray into `ray.get([ray.remote(one).remote(block) for block in blocks])` and `functools.reduce(add, ...)`.

    pip install dask
    python docs/examples/schedule_blocks.py --crosslane target/release/cargo-crosslane --manifest crosslane.json blocks/

`--self-test` makes twenty small blocks of a token and compares the result with one run over the folder.
"""

import argparse
import json
import pathlib
import random
import subprocess
import tempfile

import dask.bag


def one(block, crosslane, manifest, lanes):
    """Map: the figures of one block, the whole schedule stays where it was made."""
    command = [crosslane, "schedule", "--manifest", manifest, "--batch", block, "--lanes", str(lanes), "--output", "-", "--quiet"]
    done = subprocess.run(command, capture_output=True, check=True)
    schedule = json.loads(done.stdout)
    hot = {}
    for unit in schedule["hot_units"]:
        name = " ".join([unit["address"], unit["cell"], *unit["key"]])
        hot[name] = unit["share"] * schedule["makespan"]
    return {
        "blocks": 1,
        "calls": len(schedule["calls"]),
        "serial_cost": schedule["serial_cost"],
        "makespan": schedule["makespan"],
        "lower_bound": schedule["lower_bound"],
        "hot": hot,
    }


def add(a, b):
    """Reduce: associative and commutative, so any engine may combine in any order."""
    hot = dict(a["hot"])
    for name, cost in b["hot"].items():
        hot[name] = hot.get(name, 0) + cost
    out = {key: a[key] + b[key] for key in a if key != "hot"}
    out["hot"] = hot
    return out


def run(blocks, crosslane, manifest, lanes, partitions):
    bag = dask.bag.from_sequence([str(block) for block in blocks], npartitions=min(partitions, len(blocks)))
    return bag.map(one, crosslane=crosslane, manifest=str(manifest), lanes=lanes).fold(add).compute(scheduler="threads")


TOKEN = {
    "version": 1,
    "contracts": [
        {
            "name": "token",
            "chain": {"model": "keyed", "rules": 1},
            "cells": [{"id": "BAL", "keys": [{"address": "text"}]}, {"id": "TOTAL"}],
            "entries": [
                {
                    "name": "transfer",
                    "params": [{"name": "to", "type": {"address": "text"}}],
                    "accesses": [
                        {"cell": "BAL", "key": ["caller"], "mode": "update"},
                        {"cell": "BAL", "key": [{"arg": "to"}], "mode": "update"},
                    ],
                },
                {"name": "burn", "params": [], "accesses": [{"cell": "BAL", "key": ["caller"], "mode": "update"}, {"cell": "TOTAL", "mode": "update"}]},
            ],
        }
    ],
}


def self_test(crosslane):
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        manifest = folder / "crosslane.json"
        manifest.write_text(json.dumps(TOKEN))
        blocks = folder / "blocks"
        blocks.mkdir()
        for number in range(20):
            lines = []
            for call in range(200):
                line = {"id": str(call), "entry": "burn", "caller": f"u{rng.randrange(100)}", "cost": 1 + rng.randrange(9)}
                if rng.random() < 0.9:
                    line |= {"entry": "transfer", "args": {"to": f"u{rng.randrange(100)}"}}
                lines.append(json.dumps(line))
            (blocks / f"{number:04}.jsonl").write_text("\n".join(lines) + "\n")
        mapped = run(sorted(blocks.iterdir()), crosslane, manifest, 4, 8)
        output = folder / "out"
        command = [crosslane, "schedule", "--manifest", str(manifest), "--batch", str(blocks), "--lanes", "4", "--output", str(output), "--quiet"]
        subprocess.run(command, check=True)
        whole = [json.loads(file.read_text()) for file in sorted(output.iterdir())]
        assert mapped["blocks"] == len(whole) == 20, mapped
        assert mapped["calls"] == sum(len(schedule["calls"]) for schedule in whole) == 4000
        assert mapped["makespan"] == sum(schedule["makespan"] for schedule in whole)
        assert mapped["serial_cost"] == sum(schedule["serial_cost"] for schedule in whole)
    print(f"20 blocks, {mapped['calls']} calls, {mapped['serial_cost'] / mapped['makespan']:.2f} times faster than one by one")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crosslane", default="cargo-crosslane")
    parser.add_argument("--manifest", default="crosslane.json")
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--partitions", type=int, default=64)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("blocks", nargs="?", type=pathlib.Path)
    args = parser.parse_args()
    if args.self_test:
        self_test(args.crosslane)
        return
    if args.blocks is None:
        parser.error("give a folder of blocks (.jsonl)")
    total = run(sorted(args.blocks.glob("*.jsonl")), args.crosslane, args.manifest, args.lanes, args.partitions)
    hot = sorted(total.pop("hot").items(), key=lambda item: (-item[1], item[0]))[:10]
    print(json.dumps({**total, "speedup": total["serial_cost"] / total["makespan"], "hot": hot}, indent=2))


if __name__ == "__main__":
    main()
