#!/usr/bin/env python3
"""The tables of docs/src/solana.md about published programs.

    solana_programs.py --bin cargo-crosslane [--findings FILE] NAME=FOLDER…

Analyses every package below each FOLDER (but tests' and clients' folders that hold no program) and prints a row for each
NAME: programs, instructions, those with an unknown, accounts whose writes are not known, seconds of processor time (all,
and the slowest program), findings of the lints about accounts. --findings gets the findings of XL301 and XL302, one a
line, to be read by hand. Nothing is written below the folders.
"""
import argparse, collections, json, os, resource, subprocess

SKIP = {"target", "node_modules", ".git"}
LINTS = ("XL301", "XL302", "XL303", "XL304", "XL305", "XL320")


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


def solana(text):
    try:
        contracts = json.loads(text)["contracts"]
    except (ValueError, KeyError):
        return []
    return [one for one in contracts if one["chain"]["model"] == "solana"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="cargo-crosslane")
    parser.add_argument("--findings")
    parser.add_argument("of", nargs="+", metavar="NAME=FOLDER")
    options = parser.parse_args()
    lines = []
    print("| | programs | instructions | with an unknown | accounts | `written` unknown | seconds | slowest |", *(f" {lint} |" for lint in LINTS), sep="")
    print("|---|" + "---|" * (7 + len(LINTS)))
    for one in options.of:
        name, folder = one.split("=", 1)
        count, times, found = collections.Counter(), [], collections.Counter()
        for package in packages(folder):
            text, _ = run(options.bin, package, "manifest", "--output", "-")
            contracts = solana(text)
            if not contracts:
                continue
            text, seconds = run(options.bin, package, "check", "--message-format", "json")
            times.append(seconds)
            for contract in contracts:
                count["programs"] += 1
                for entry in contract["entries"]:
                    count["entries"] += 1
                    count["unknown"] += bool(entry.get("unknowns"))
                    accounts = entry.get("accounts") or []
                    count["accounts"] += len(accounts)
                    count["unclear"] += sum(account["written"] == "unknown" for account in accounts)
            for finding in json.loads(text)["findings"]:
                found[finding["code"]] += 1
                if finding["code"] in ("XL301", "XL302"):
                    span = finding["spans"][0]
                    where = os.path.relpath(package, folder)
                    lines.append(f"{finding['code']} {name} {where} {span['file']}:{span['line']} {finding['message']}")
        share = lambda part, whole: f"{100 * part / whole:.1f} %" if whole else "–"
        cells = [name, count["programs"], count["entries"], share(count["unknown"], count["entries"]), count["accounts"],
                 share(count["unclear"], count["accounts"]), f"{sum(times):.1f}", f"{max(times, default=0):.2f}"]
        print("|", " | ".join(str(cell) for cell in cells + [found[lint] for lint in LINTS]), "|", flush=True)
    if options.findings:
        with open(options.findings, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main()
