//! What the frameworks of one chain share: programs whose state is accounts that a call names, whatever macros they are
//! written with.

pub(crate) mod changes;
pub(crate) mod cpi;
