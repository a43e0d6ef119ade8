//! The figures of `docs/src/domains.md` are those of the tool.

#![allow(clippy::unwrap_used)]

use std::process::Command;

use serde_json::Value;

#[test]
fn figures_of_the_domain_fixtures_hold() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let page = std::fs::read_to_string(format!("{root}/docs/src/domains.md")).unwrap();
    let mut checked = 0;
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let name = cells[1].trim_matches('`');
        let output = Command::new(env!("CARGO_BIN_EXE_cargo-crosslane"))
            .args(["simulate", "-q", "--lanes", "16", "--message-format", "json", "--manifest-path"])
            .arg(format!("{root}/fixtures/domains/{name}/Cargo.toml"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = &value["contracts"][0];
        let figures = [
            format!("{:.0} %", found["serial_share"].as_f64().unwrap() * 100.0),
            format!("{:.2}×", found["speedup"].as_f64().unwrap()),
            format!("`{}`", found["hot_units"][0]["cell"].as_str().unwrap()),
        ];
        assert_eq!(figures.each_ref().map(String::as_str), [cells[3], cells[4], cells[5]], "{name}");
        checked += 1;
    }
    assert_eq!(checked, 11);
}
