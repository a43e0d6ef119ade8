//! The first screen: a contract's entry points and what holds two of them back.

use crate::emit::UnitReport;
use crate::session::Unit;

/// The table of each contract.
pub(crate) fn render(_unit: &Unit, _all: bool) -> String {
    String::new()
}

/// The last line.
pub(crate) fn summary(_report: &UnitReport<'_>) -> String {
    String::new()
}
