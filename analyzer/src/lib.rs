//! Crosslane's analyzer: from the source of a smart contract to what its entry points touch, which of their calls
//! conflict, and how a batch of calls can be scheduled.

pub mod chains;
pub mod conflicts;
pub mod diagnostics;
pub mod ir;
pub mod manifest;

#[cfg(feature = "schedule")]
pub mod schedule;

#[cfg(feature = "source")]
pub mod effects;
#[cfg(feature = "source")]
pub mod frameworks;
#[cfg(feature = "source")]
pub mod lints;
#[cfg(feature = "source")]
pub mod source;

/// What one analysis found.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Contracts, in order of package and name.
    pub contracts: Vec<ir::Contract>,
    /// All files read.
    pub files: ir::SourceMap,
    /// Things worth telling that are no finding: files that do not parse, dependencies that are not on disk.
    pub problems: Vec<Problem>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What, in words, lowercase, without a final stop.
    pub message: String,
    /// Where; may be nowhere.
    pub span: ir::Span,
}
