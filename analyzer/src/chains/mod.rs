//! chains.
