#!/usr/bin/env python3
"""The tables of docs/src/solana.md and docs/src/soroban.md about published contracts.

    published_contracts.py --chain solana|soroban --bin cargo-crosslane [--findings FILE] NAME=FOLDER…

Analyses every package below each FOLDER (but those that are no contract under the chain model) and prints a row for each
NAME: contracts, entry points, those with an unknown, on Solana accounts whose writes are not known, seconds of processor
time of `check` (all, and the slowest package), findings by lint. --findings gets findings, one a line, to be read by
hand: those of XL301 and XL302 on Solana, all of the lints in the table elsewhere. Nothing is written below the folders.
"""
import argparse, collections, json, os, resource, subprocess

SKIP = {"target", "node_modules", ".git"}
LINTS = {
    "solana": ("XL301", "XL302", "XL303", "XL304", "XL305", "XL320"),
    "soroban": ("XL401", "XL402", "XL107", "XL109", "XL110", "XL113", "XL320"),
}


def packages(folder):
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIP)
        if "Cargo.toml" in files and os.path.isfile(os.path.join(here, "src", "lib.rs")):
            yield here


def run(binary, package, *args):
    """Standard output and processor seconds."""
    command = [binary, *args, "-q", "--offline", "--manifest-path", os.path.join(package, "Cargo.toml")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return done.stdout, seconds


def contracts_of(text, chain):
    try:
        contracts = json.loads(text)["contracts"]
    except (ValueError, KeyError):
        return []
    return [one for one in contracts if one["chain"]["model"] == chain and one["entries"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chain", required=True, choices=LINTS)
    parser.add_argument("--bin", default="cargo-crosslane")
    parser.add_argument("--findings")
    parser.add_argument("of", nargs="+", metavar="NAME=FOLDER")
    options = parser.parse_args()
    lines, lints, locks = [], LINTS[options.chain], options.chain == "solana"
    listed = ("XL301", "XL302") if locks else lints
    nouns = ["programs", "instructions"] if locks else ["packages", "functions"]
    heads = nouns + ["with an unknown"] + ["accounts", "`written` unknown"] * locks + ["seconds", "slowest", *lints]
    print("| |", " | ".join(heads), "|")
    print("|---|" + "---|" * len(heads))
    for one in options.of:
        name, folder = one.split("=", 1)
        count, times, found = collections.Counter(), [], collections.Counter()
        for package in packages(folder):
            text, _ = run(options.bin, package, "manifest", "--output", "-")
            contracts = contracts_of(text, options.chain)
            if not contracts:
                continue
            text, seconds = run(options.bin, package, "check", "--message-format", "json")
            times.append(seconds)
            count["packages"] += 1
            for contract in contracts:
                for entry in contract["entries"]:
                    count["entries"] += 1
                    count["unknown"] += bool(entry.get("unknowns"))
                    accounts = entry.get("accounts") or []
                    count["accounts"] += len(accounts)
                    count["unclear"] += sum(account["written"] == "unknown" for account in accounts)
            for finding in json.loads(text)["findings"]:
                found[finding["code"]] += 1
                if finding["code"] in listed:
                    span = finding["spans"][0]
                    where = os.path.relpath(package, folder)
                    lines.append(f"{finding['code']} {name} {where} {span['file']}:{span['line']} {finding['message']}")
        share = lambda part, whole: f"{100 * part / whole:.1f} %" if whole else "–"
        accounts = [count["accounts"], share(count["unclear"], count["accounts"])] * locks
        cells = [name, count["packages"], count["entries"], share(count["unknown"], count["entries"]), *accounts,
                 f"{sum(times):.1f}", f"{max(times, default=0):.2f}", *(found[lint] for lint in lints)]
        print("|", " | ".join(str(cell) for cell in cells), "|", flush=True)
    if options.findings:
        with open(options.findings, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main()
