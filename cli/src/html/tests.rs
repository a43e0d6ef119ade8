//! The page as text: nothing leaves it, nothing in it is the contract's markup, its parts are there.

use super::*;
use crate::commands::simulate::{Simulation, Workload};
use crate::session;

fn render(unit: &Unit) -> String {
    let all = session::judged(std::slice::from_ref(unit)).unwrap();
    let manifest = session::manifest(&[unit]);
    let args = Simulation { workload: Workload { profile: None, calls: 300, seed: 1 }, lanes: None };
    let mut parts = Vec::new();
    for judged in &all {
        let simulated = crate::commands::simulate::wire(&manifest.contracts, judged)
            .and_then(|contract| crate::commands::simulate::simulate(judged, contract, &args).unwrap());
        parts.push(Part { judged, findings: Vec::new(), simulated });
    }
    page(&parts, "cargo crosslane report")
}

#[test]
fn a_page_has_its_parts_and_asks_for_nothing() {
    let page = render(&crate::testing::token());
    for part in
        ["Entry points", "Conflicts", "The simulated batch", "How to reproduce", "aria-live", "prefers-color-scheme"]
    {
        assert!(page.contains(part), "{part}");
    }
    let without_namespace = page.replace("http-equiv", "");
    for word in ["http:", "https:", "//cdn", "@import", "url(", " src=", "<iframe", "fetch(", "XMLHttpRequest"] {
        assert!(!without_namespace.contains(word), "{word}");
    }
}

#[test]
fn names_of_a_contract_are_text_whatever_is_in_them() {
    let mut unit = crate::testing::token();
    let evil = "</script><img src=x onerror=alert(1)>\u{1b}[2J\u{202e}'\"&";
    let contract = &mut unit.analysis.contracts[0];
    contract.name = evil.to_owned();
    contract.entries[0].name = format!("execute::{evil}");
    contract.cells[0].name = evil.to_owned();
    let page = render(&unit);
    assert!(!page.contains("<img"), "markup of a name");
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'), "control characters of a name");
    assert!(page.contains("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"));
    // One for the data of each grid and one for the script.
    assert_eq!(page.matches("</script>").count(), 2);
}

#[test]
fn two_hundred_entry_points_stay_small() {
    let page = render(&crate::testing::wide(200));
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}
