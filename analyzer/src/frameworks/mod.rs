//! frameworks.

#[cfg(feature = "source")]
pub mod models;
