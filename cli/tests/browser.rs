//! The report in a real browser: it renders, reports no error, asks for nothing, shows conditions on hover and by keyboard,
//! and its filters work. Needs Chromium (Debian's package `chromium`, or its path in `CHROMIUM`); skipped without it, and
//! `.ci/browser` installs it.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Acts on the page as a user would and writes what happened into the title.
const ACTIONS: &str = r##"<script>
const said = [];
const check = (name, ok) => said.push((ok ? "ok " : "FAILED ") + name);
addEventListener("error", (event) => said.push("FAILED error " + event.message));
addEventListener("load", () => {
  const grid = document.querySelector("table.grid");
  const detail = document.getElementById(grid.dataset.detail);
  grid.tBodies[0].rows[0].cells[1].dispatchEvent(new MouseEvent("mouseover", { bubbles: true }));
  check("hover shows a condition", detail.textContent.includes(" × "));
  const before = detail.textContent;
  grid.focus();
  check("the grid takes the focus", document.activeElement === grid);
  for (const key of ["ArrowRight", "ArrowDown", "End", "Home"]) grid.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  check("arrow keys move", detail.textContent !== before && document.querySelectorAll("td.at").length === 1);
  const input = document.querySelector("input[data-filters]");
  const rows = [...document.getElementById(input.dataset.filters).tBodies[0].rows];
  input.value = rows[0].cells[0].textContent; input.dispatchEvent(new Event("input"));
  const shown = rows.filter((row) => !row.hidden).length;
  check("the filter hides rows", shown >= 1 && shown < rows.length);
  input.value = ""; input.dispatchEvent(new Event("input"));
  check("and shows them again", rows.every((row) => !row.hidden));
  check("headings in order", document.querySelectorAll("h1").length === 1 && document.querySelectorAll("h2").length >= 1);
  check("the picture has a title", !!document.querySelector("svg[role=img] > title"));
  check("nothing came from elsewhere", performance.getEntriesByType("resource").every((entry) => entry.name.startsWith("data:")));
  document.title = said.join("|");
});
</script>"##;

fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    named.or_else(|| known.iter().map(PathBuf::from).find(|path| path.exists()))
}

fn report(folder: &Path) -> PathBuf {
    let page = folder.join("report.html");
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/cosmwasm/token/Cargo.toml");
    let status = Command::new(env!("CARGO_BIN_EXE_cargo-crosslane"))
        .args(["report", "-q", "--manifest-path", fixture, "--output"])
        .arg(&page)
        .status()
        .unwrap();
    assert!(status.success());
    page
}

/// Opens a page with a script added at its end; the title it has then, and what was logged.
fn open(browser: &Path, folder: &Path, page: &Path, script: &str, flags: &[&str]) -> (String, String) {
    let text = fs::read_to_string(page).unwrap();
    let opened = folder.join("opened.html");
    fs::write(&opened, text.replace("</body>", &format!("{script}</body>"))).unwrap();
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"])
        .args(["--enable-logging=stderr", "--dump-dom"])
        .args(flags)
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", opened.display()))
        .output()
        .unwrap();
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr).into_owned());
    let console: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{console:?}");
    (dom.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or("").to_owned(), log)
}

#[test]
fn the_report_works_in_a_browser() {
    let Some(browser) = chromium() else { return };
    let folder = tempfile::tempdir().unwrap();
    let page = report(folder.path());
    let (title, log) = open(&browser, folder.path(), &page, ACTIONS, &["--virtual-time-budget=5000"]);
    assert!(title.contains("ok hover shows a condition"), "the page did not come up: {title} {log}");
    assert!(!title.contains("FAILED"), "{title}");
}

/// Ten of the small contracts of this repository in one workspace.
const TEN: [&str; 10] = [
    "cosmwasm/token",
    "domains/amm",
    "domains/dao-naive",
    "domains/game-naive",
    "domains/lending",
    "domains/nft-naive",
    "domains/payments-naive",
    "soroban/token",
    "near/token",
    "ink/token",
];

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else if entry.file_name() == "Cargo.toml" {
            // Each of them is a workspace of its own in the repository.
            let text = fs::read_to_string(&path).unwrap();
            let lines = text.lines().filter(|line| line.trim() != "[workspace]");
            fs::write(target, lines.collect::<Vec<_>>().join("\n")).unwrap();
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}

#[test]
fn the_report_of_ten_contracts_is_light_and_opens_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures"));
    for name in TEN {
        copy(&fixtures.join(name), &folder.path().join("ten").join(name));
    }
    let members = TEN.map(|name| format!("{name:?}")).join(", ");
    let root = format!("[workspace]\nresolver = \"2\"\nmembers = [{members}]\n");
    fs::write(folder.path().join("ten/Cargo.toml"), root).unwrap();
    let page = folder.path().join("report.html");
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-crosslane"))
        .args(["report", "-q", "--workspace", "--manifest-path"])
        .arg(folder.path().join("ten/Cargo.toml"))
        .arg("--output")
        .arg(&page)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.len() < 2_000_000, "{} bytes", text.len());
    for name in ["fixture-token", "domain-amm", "domain-lending"] {
        assert!(text.contains(name), "{name} is not in the report");
    }
    let Some(browser) = chromium() else { return };
    let script = "<script>addEventListener(\"load\", () => { document.title = \"loaded \" + Math.round(performance.now()); });</script>";
    let time = |page: &Path| {
        let (title, log) = open(&browser, folder.path(), page, script, &[]);
        title
            .strip_prefix("loaded ")
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or_else(|| panic!("{title} {log}"))
    };
    let empty = folder.path().join("empty.html");
    fs::write(&empty, "<!doctype html><title></title><body></body>").unwrap();
    // The first start of a browser makes its profile, so there is more than one try. The bar is a second; what an empty
    // page takes on this machine as it is now, four times over, is the slack for machines that are busy.
    let nothing = (0..3).map(|_| time(&empty)).min().unwrap();
    let best = (0..3).map(|_| time(&page)).min().unwrap();
    println!("{} bytes, {best} ms, an empty page {nothing} ms", text.len());
    let most = 1_000 + 4 * nothing;
    assert!(best < most, "{best} ms");
}
