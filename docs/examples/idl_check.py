#!/usr/bin/env python3
"""The table of docs/src/solana.md about interface descriptions that stand beside their programs.

    idl_check.py --bin cargo-crosslane NAME=PACKAGE:IDL.json…

Reads what `manifest` says of each package and the description (of either form of Anchor, Shank or Codama) with code of its
own, compares instructions, names, order and flags, and prints a row for each NAME: instructions of the program and of the
description, those in both, their accounts, accounts whose name and place are the same, and of these the writable flags that
are the same. The last column is what `idl-check` itself says, which must find as many differences. Every difference
follows below the table. Exit status 1 where this and `idl-check` disagree.
"""
import argparse, json, os, re, subprocess, sys


def plain(name):
    return re.sub(r"[^a-z0-9]", "", name.lower())


def flag(account, *names):
    return any(account.get(name) in (True, "either") for name in names)


def flat(accounts, prefix=""):
    for account in accounts or []:
        name = prefix + plain(account["name"])
        if "accounts" in account:
            yield from flat(account["accounts"], name + ".")
        else:
            yield name, flag(account, "writable", "isMut", "isWritable"), flag(account, "signer", "isSigner")


def described(path):
    with open(path, encoding="utf-8") as file:
        value = json.load(file)
    return {plain(one["name"]): list(flat(one["accounts"])) for one in value.get("program", value)["instructions"]}


def declared(text):
    entries = {}
    for contract in json.loads(text)["contracts"]:
        for entry in contract["entries"]:
            if entry.get("accounts") is not None:
                accounts = [(".".join(plain(part) for part in one["name"].split(".")), one.get("writable", False), one.get("signer", False))
                            for one in entry["accounts"]]
                entries[plain(entry["name"])] = accounts
    return entries


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="cargo-crosslane")
    parser.add_argument("of", nargs="+", metavar="NAME=PACKAGE:IDL")
    options = parser.parse_args()
    told, sums, status = [], [0] * 6, 0
    print("| program | instructions | in the description | in both | their accounts | name and place the same | flag the same | `idl-check` |")
    print("|---|---|---|---|---|---|---|---|")
    for one in options.of:
        name, rest = one.split("=", 1)
        package, idl = rest.rsplit(":", 1)

        def tool(*args):
            manifest = ["-q", "--offline", "--manifest-path", os.path.join(package, "Cargo.toml")]
            return subprocess.run([options.bin, *args, *manifest], stdout=subprocess.PIPE, text=True, check=False)

        ours, theirs = declared(tool("manifest", "--output", "-").stdout or '{"contracts": []}'), described(idl)
        said = tool("idl-check", os.path.abspath(idl))
        wrong = [f"{entry}: not in the description" for entry in ours if entry not in theirs]
        wrong += [f"{entry}: only in the description" for entry in theirs if entry not in ours]
        both = [entry for entry in ours if entry in theirs]
        accounts = names = flags = 0
        for entry in both:
            left, right = ours[entry], theirs[entry]
            accounts += max(len(left), len(right))
            if len(left) != len(right):
                wrong.append(f"{entry}: {len(left)} accounts, the description has {len(right)}")
            for at, (mine, other) in enumerate(zip(left, right)):
                names += mine[0] == other[0]
                flags += mine[:2] == other[:2]
                if mine != other:
                    wrong.append(f"{entry}: account {at} is {mine}, in the description {other}")
        lines = [line for line in said.stdout.splitlines() if line and not line.startswith("XL306")] if said.returncode == 1 else []
        if said.returncode > 1 or len(lines) != len(wrong):
            status = 1
            told.append(f"{name}: idl-check says {said.returncode}, {len(lines)} differences")
        told += [f"{name}: {line}" for line in wrong]
        row = [len(ours), len(theirs), len(both), accounts, names, flags]
        sums = [a + b for a, b in zip(sums, row)]
        drift = "no drift" if said.returncode == 0 else f"{len(lines)} differences"
        print("|", " | ".join(str(cell) for cell in [name, *row, drift]), "|", flush=True)
    print("|", " | ".join(str(cell) for cell in ["all", *sums, ""]), "|")
    print("\n".join(["", *told]))
    return status


if __name__ == "__main__":
    sys.exit(main())
