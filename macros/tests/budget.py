#!/usr/bin/env python3
"""What the attributes cost at compile time: a clean build of their crates, and a module of 2,000 lines.

    budget.py [--keep FOLDER] [--runs 7] [--module-only]

Makes a package that depends on this crate alone. The clean build is timed by the clock and by the processor. The module's
cost is the processor time of `cargo check` of the package with the attributes less that without them, the least of
--runs each, once in the default profile and once with `build-override` at opt-level 2. Nothing is written but FOLDER.
"""
import argparse, pathlib, resource, shutil, subprocess, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
HEAD = """#![allow(dead_code, unused)]
#[path = "%s"]
mod stub;
%s mod contract {
    use super::stub::*;
    pub const TOTAL: Item<u64> = Item::new("total");
    pub const BALANCES: Map<Addr, u64> = Map::new("balances");
"""
# 20 lines each, a hundred of them.
FUNCTION = """
    %s
    pub fn call_%d(deps: DepsMut, _env: Env, info: MessageInfo, amount: u64, limit: u64) -> StdResult<Response> {
        let mut left = amount;
        let mut rounds = 0u64;
        while left > limit && rounds < %d + 1 {
            left = left / 2 + rounds;
            rounds += 1;
        }
        if left == 0 {
            return Err(StdError);
        }
        let kept = match rounds {
            0 => amount,
            1 => left,
            other => left.saturating_sub(other),
        };
        BALANCES.update(&deps.storage, info.sender, |held: Option<u64>| Ok(held.unwrap_or(0) + kept))?;
        TOTAL.update(&deps.storage, |total: u64| Ok(total + kept))?;
        Ok(Response)
    }
"""


def processor():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cargo(folder, target, *args):
    wall, used = time.perf_counter(), processor()
    subprocess.run(["cargo", *args, "-q", "--target-dir", target], cwd=folder, check=True)
    return time.perf_counter() - wall, processor() - used


def source(claimed):
    contract = "#[crosslane::contract]" if claimed else ""
    claim = "#[crosslane::footprint(updates(BALANCES, TOTAL))]" if claimed else ""
    text = HEAD % (HERE / "stub.rs", contract) + "".join(FUNCTION % (claim, at, at) for at in range(91)) + "}\n"
    return text


def module(folder, target, runs):
    least = {}
    for _ in range(runs):
        for claimed in (False, True):
            (folder / "src/lib.rs").write_text(source(claimed))
            least[claimed] = min(least.get(claimed, 1e9), cargo(folder, target, "check")[1])
    return least[True] - least[False]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--module-only", action="store_true")
    args = parser.parse_args()
    folder = args.keep or pathlib.Path(tempfile.mkdtemp())
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src/lib.rs").write_text(source(False))
    plain = f'[package]\nname = "budget"\nversion = "0.0.0"\nedition = "2021"\n\n[dependencies]\ncrosslane = {{ path = "{HERE.parent}" }}\n\n[workspace]\n'
    shutil.copy(HERE.parent.parent / "Cargo.lock", folder / "Cargo.lock")
    (folder / "Cargo.toml").write_text(plain)
    print(len(source(True).splitlines()), "lines")
    if not args.module_only:
        shutil.rmtree(folder / "plain", ignore_errors=True)
        wall, used = cargo(folder, folder / "plain", "build")
        print(f"clean build: {wall:.1f} s by the clock, {used:.1f} s of the processor")
    for name, profile in [("plain", ""), ("tuned", "\n[profile.dev.build-override]\nopt-level = 2\n")]:
        (folder / "Cargo.toml").write_text(plain + profile)
        cargo(folder, folder / name, "check")
        print(f"{name}: {module(folder, folder / name, args.runs) * 1000:.0f} ms for the module")


if __name__ == "__main__":
    main()
