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

#[test]
fn the_report_works_in_a_browser() {
    let Some(browser) = chromium() else { return };
    let folder = std::env::temp_dir().join(format!("crosslane-browser-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let page = report(&folder);
    let text = fs::read_to_string(&page).unwrap();
    fs::write(&page, text.replace("</body>", &format!("{ACTIONS}</body>"))).unwrap();
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let _ = fs::remove_dir_all(&folder);
    let console: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{console:?}");
    let title = dom.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or("");
    assert!(title.contains("ok hover shows a condition"), "the page did not come up: {title} {log}");
    assert!(!title.contains("FAILED"), "{title}");
}
