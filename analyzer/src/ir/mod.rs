//! The words of the analysis as types: terms, accesses, footprints (`footprint`), and, with the `source` feature,
//! the lowered program (`hir`). Nothing here knows a framework, a chain, a file system or `syn`.

pub mod footprint;
pub mod span;
pub mod term;

#[cfg(feature = "source")]
pub mod hir;

pub use footprint::*;
pub use span::*;
pub use term::*;
