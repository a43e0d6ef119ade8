//! conflicts.
