#!/usr/bin/env python3
"""Runs every lint over many contracts, keeps all findings, draws some at random for a review by hand.

    draw_findings.py --bin cargo-crosslane --root FOLDER [--list FILE] [--all FILE] [--draw 60] [--seed 8]

FILE of --list has package folders below FOLDER, one a line (without it: every folder with a Cargo.toml that has a
[package]). Findings are sorted before the draw, so that the same findings and seed give the same draw. Each line that
is printed is a finding as `--message-format json` has it, with the package's folder. Nothing is written but --all.
"""
import argparse, concurrent.futures, json, os, random, re, subprocess, sys


def packages(root):
    for folder, below, files in os.walk(root):
        below[:] = sorted(name for name in below if name not in ("target", ".git"))
        if "Cargo.toml" in files:
            with open(os.path.join(folder, "Cargo.toml"), encoding="utf-8", errors="replace") as file:
                if re.search(r"^\[package\]", file.read(), re.M):
                    yield os.path.relpath(folder, root)


def findings(binary, root, folder, seconds):
    command = [binary, "check", "--offline", "-q", "--message-format", "json", "--manifest-path"]
    try:
        run = subprocess.run(command + [os.path.join(root, folder, "Cargo.toml")], capture_output=True, timeout=seconds)
        found = json.loads(run.stdout)["findings"]
    except (subprocess.TimeoutExpired, ValueError) as error:
        print(f"{folder}: {error}", file=sys.stderr)
        return []
    return [{"folder": folder, **one} for one in found]


def order(finding):
    spans = finding["spans"] or [{}]
    return (finding["folder"], finding["contract"], finding["code"], str(spans[0].get("file")), str(spans[0].get("line")),
            finding["message"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="cargo-crosslane")
    parser.add_argument("--root", required=True)
    parser.add_argument("--list")
    parser.add_argument("--all")
    parser.add_argument("--draw", type=int, default=60)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=120)
    args = parser.parse_args()
    if args.list:
        with open(args.list, encoding="utf-8") as file:
            folders = [line.strip() for line in file if line.strip()]
    else:
        folders = list(packages(args.root))
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        each = pool.map(lambda folder: findings(args.bin, args.root, folder, args.seconds), folders)
        found = sorted((finding for some in each for finding in some), key=order)
    if args.all:
        with open(args.all, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(finding) + "\n" for finding in found)
    print(f"{len(found)} findings in {len({finding['folder'] for finding in found})} of {len(folders)} packages", file=sys.stderr)
    for finding in sorted(random.Random(args.seed).sample(found, min(args.draw, len(found))), key=order):
        print(json.dumps(finding))


if __name__ == "__main__":
    main()
