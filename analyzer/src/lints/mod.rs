//! lints.
