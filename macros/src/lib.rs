//! What a contract adds to its dependencies: attributes that speak to Crosslane.
//!
//! Every attribute re-emits its item unchanged, also when its own arguments are wrong, and works above any framework's
//! attributes.

mod attr;

use proc_macro::TokenStream;

/// Hides a finding on the item it stands on; the reason is for people.
///
/// ```ignore
/// #[crosslane::allow(hot-counter, reason = "one vote at a time is what we want")]
/// pub fn vote() {}
/// ```
///
/// It adds no code. A lint's name is checked when `cargo crosslane check` runs, which also reports an `allow` that
/// hides nothing (XL903).
#[proc_macro_attribute]
pub fn allow(arguments: TokenStream, item: TokenStream) -> TokenStream {
    attr::with_errors(attr::check_allow(arguments), item)
}
