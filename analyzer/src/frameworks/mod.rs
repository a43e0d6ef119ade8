//! frameworks.
