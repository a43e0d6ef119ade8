#!/usr/bin/env python3
"""Attributes leave a published contract as it is: same object code but for the section, tests still pass.

    object_code.py CASE FOLDER [--bin cargo-crosslane] [--keep FOLDER] [--no-tests]

FOLDER is the contract's package, unpacked from the registry or cloned; CASE says which of CASES below it is. A copy is
compiled twice before linking, with the same dependencies (this crate among them): as published, and with the attributes
of the case, which stand on lines that are there (no line moves). Then every section of the object file with code or
data is compared, and every symbol: only `.crosslane.v1` and its symbol may be new. With --bin the manifest is taken out
of the object file, too. At last the contract's own tests run with the attributes. Needs a Linux machine; exit status 1
where something differs. Development dependencies that start a node are left out, and the tests that need them.
"""
import argparse, pathlib, re, shutil, struct, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
SECTION = ".crosslane.v1"

# Per case: edits of (file, text that is there, attribute put in front of it), and dev-dependencies that are left out. The
# attributes stand in front of comments and on empty lines, so that no line and no column of the code moves.
CASES = {
    "cosmwasm": {  # cw20-base 2.0.0
        "edits": [
            ("src/contract.rs", "pub fn execute_transfer(", "#[crosslane::footprint(updates(BALANCES))] "),
            ("src/contract.rs", "pub fn execute_burn(", "#[crosslane::footprint(updates(BALANCES, TOKEN_INFO))] "),
        ],
        "drop": [],
    },
    "soroban": {  # stellar/soroban-examples, token
        "edits": [
            ("src/contract.rs", "\n#[contractimpl]\nimpl TokenInterface for Token", "#[crosslane::contract(embed)] "),
        ],
        "drop": [],
    },
    "near": {  # near-examples/guest-book-rust, contract-rs
        "edits": [
            ("src/lib.rs", "// Implement the contract structure", "#[crosslane::contract(embed)] "),
            ("src/lib.rs", "// Public Method - Returns a slice", "#[crosslane::footprint(reads(messages.len), scans(messages))] "),
        ],
        "drop": ["near-workspaces", "tokio"],
        # The SDK does not build for this machine but with its hosts for tests.
        "replace": [('near-sdk = "5.0.0"', 'near-sdk = { version = "5.0.0", features = ["unit-testing"] }')],
    },
    "stylus": {  # OffchainLabs/stylus-hello-world
        "edits": [
            ("src/lib.rs", "/// Declare that `Counter` is a contract", "#[crosslane::contract(embed)] "),
            ("src/lib.rs", "/// Gets the number from storage.", "#[crosslane::footprint(reads(number))] "),
        ],
        "drop": ["ethers", "tokio", "eyre", "dotenv"],
    },
}


def sections(path):
    """Sections of a 64-bit ELF file that hold code or data, and its named symbols: what a linker would take from it."""
    data = path.read_bytes()
    assert data[:6] == b"\x7fELF\x02\x01", path
    (table,) = struct.unpack_from("<Q", data, 0x28)
    size, count, names_at = struct.unpack_from("<HHH", data, 0x3A)
    heads = [struct.unpack_from("<IIQQQQIIQQ", data, table + at * size) for at in range(count)]
    # Constants without a name are called by a hash of the whole unit and a number.
    plain = lambda name: re.sub(r"\.Lanon\.[0-9a-f]{32}\.", ".Lanon.", name)
    text = lambda head, at: plain(data[head[4] + at : data.index(b"\0", head[4] + at)].decode())
    name = lambda head: text(heads[names_at], head[0])
    body = lambda head: b"" if head[1] == 8 else data[head[4] : head[4] + head[5]]
    symbols = next(head for head in heads if head[1] == 2)
    strings = heads[symbols[6]]
    all_symbols = [struct.unpack_from("<IBBHQQ", data, symbols[4] + at) for at in range(0, symbols[5], 24)]

    def told(symbol):
        if symbol[0]:
            return text(strings, symbol[0])
        return name(heads[symbol[3]]) if 0 < symbol[3] < count else ""

    found, places = {}, {}
    for head in heads:
        if head[2] & 2:  # takes memory when the program runs
            found[name(head)] = found.get(name(head), b"") + body(head)
    for head in heads:
        if head[1] == 4:  # relocations, by what they point at: numbers of symbols may differ
            of = name(heads[head[7]])
            if of in found:
                for at in range(head[4], head[4] + head[5], 24):
                    where, info, addend = struct.unpack_from("<QQq", data, at)
                    places.setdefault(of, []).append((where, info & 0xFFFFFFFF, told(all_symbols[info >> 32]), addend))
    named = sorted(text(strings, symbol[0]) for symbol in all_symbols if symbol[0] and symbol[1] & 15 != 4)
    return {key: (value, places.get(key, [])) for key, value in found.items()}, named


def cargo(folder, *args):
    done = subprocess.run(["cargo", *args], cwd=folder)
    if done.returncode:
        sys.exit(f"cargo {' '.join(map(str, args))} failed")


def compiled(folder, package, into):
    """The object file of the package's library, compiled as it is for a program, in one unit."""
    target = folder.parent / "target"
    for old in target.glob("debug/deps/*.o"):
        old.unlink()
    (folder / "src/lib.rs").touch()
    cargo(folder, "rustc", "-q", "--target-dir", target, "--lib", "--", "--emit=obj", "-Ccodegen-units=1", "-Cdebuginfo=0")
    stem = package.replace("-", "_")
    (one,) = [path for path in target.glob("debug/deps/*.o") if path.name.startswith((stem + "-", stem + "."))]
    shutil.copy(one, into)
    return into


def prepared(source, scratch, case):
    folder = scratch / "contract"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("target", ".git", "Cargo.toml.orig", "rust-toolchain*"))
    manifest = folder / "Cargo.toml"
    text = manifest.read_text()
    for name in case["drop"]:
        text = re.sub(rf"(?m)^{name} = .*\n", "", text)
    for there, instead in case.get("replace", []):
        text = text.replace(there, instead, 1)
    if "[workspace]" not in text:
        text += "\n[workspace]\n"
    # One unit without link-time optimisation: what is compared is what the linker is given.
    text = re.sub(r"(?ms)^\[profile\..*?(?=^\[(?!profile)|\Z)", "", text)
    text += f'\n[dependencies.crosslane]\npath = "{HERE.parent}"\n'
    manifest.write_text(text)
    return folder, re.search(r'(?m)^name = "([^"]+)"', text)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--bin")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--no-tests", action="store_true")
    args = parser.parse_args()
    case = CASES[args.case]
    scratch = args.keep or pathlib.Path(tempfile.mkdtemp())
    folder, package = prepared(args.folder, scratch, case)
    plain = compiled(folder, package, scratch / "plain.o")
    for file, there, attribute in case["edits"]:
        path = folder / file
        text = path.read_text()
        assert text.count(there) == 1, f"{there!r} stands {text.count(there)} times in {file}"
        path.write_text(text.replace(there, attribute + there))
        print(f"{file}: {attribute}")
    marked = compiled(folder, package, scratch / "marked.o")
    (before, old), (after, new) = sections(plain), sections(marked)
    wrong = [name for name in sorted(set(before) | set(after)) if name != SECTION and before.get(name) != after.get(name)]
    gained = [name for name in new if name not in old]
    lost = [name for name in old if name not in new]
    length = len(after[SECTION][0]) if SECTION in after else 0
    print(f"{len(before)} sections with {sum(len(body) for body, _ in before.values()):,} bytes; {len(wrong)} differ; "
          f"{SECTION} has {length:,} bytes; symbols gained {gained}, lost {lost}")
    failed = bool(wrong or lost or len(gained) > (1 if length else 0))
    for name in wrong[:20]:
        print("differs:", name)
    if args.bin and length:
        out = subprocess.run([args.bin, "manifest", "--binary", str(marked), "--output", "-"], capture_output=True)
        print(f"manifest taken out of the object file: {out.stdout[:60]!r}…" if out.returncode == 0 else out.stderr.decode())
        failed |= out.returncode != 0
    if not args.no_tests:
        cargo(folder, "test", "-q", "--target-dir", scratch / "target", "--lib")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
