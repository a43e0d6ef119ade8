//! What a contract adds to its dependencies: attributes that say what its functions touch, checked while it compiles.
//!
//! Every attribute re-emits its item as it is, also when something is wrong with it, adds no code (but for `embed`), works
//! above any framework's attributes, and reports all mistakes at once: on the expression that breaks a claim and on the
//! claim. A macro sees the package's own files, not its dependencies, and what it does not understand proves nothing
//! here; `cargo crosslane check` judges the same claims with everything in view.

mod attr;
mod expand;
mod fallback;
mod valid;

use proc_macro::TokenStream;

/// Marks a contract: an inline module or an impl. The claims inside are checked together.
///
/// `#[crosslane::contract(embed)]` also puts the manifest, without places in the source, into the section
/// `.crosslane.v1` of the binary, where `cargo crosslane manifest --binary FILE` finds it.
///
/// ```ignore
/// #[crosslane::contract]
/// #[program]
/// pub mod counter { /* … */ }
/// ```
#[proc_macro_attribute]
pub fn contract(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::contract(arguments, item)
}

/// States an upper bound of what a function touches.
///
/// Groups: `reads`, `probes` (only whether it is there), `scans` (a range), `writes` (without looking), `updates` (anything),
/// `commutes` (a delta nobody looks at), `appends`, `deletes`. A place is `CELL`, `CELL[key]` or `CELL[key].field`; a key
/// component is a parameter, `caller`, `origin`, `self`, a constant, or `_` for any.
///
/// ```ignore
/// #[crosslane::footprint(reads(CONFIG), updates(BALANCES[caller], BALANCES[recipient]))]
/// fn transfer(deps: DepsMut, info: MessageInfo, recipient: String, amount: Uint128) -> StdResult<Response> { /* … */ }
/// ```
#[proc_macro_attribute]
pub fn footprint(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::claim("footprint", arguments, item)
}

/// States that calls of this function can run at the same time: two of its own, or with calls of others.
///
/// ```ignore
/// #[crosslane::parallel(with = [mint], unless = "a.caller = b.to or a.recipient = b.to")]
/// ```
///
/// `a` is the function with the attribute, `b` the other one; both are terms of the call as `cargo crosslane why` prints them.
#[proc_macro_attribute]
pub fn parallel(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::claim("parallel", arguments, item)
}

/// States what a function touches where the analysis cannot see it. The claim stands in for the body, and every verdict
/// that rests on it says so. A trusted function is taken to call no other contract.
///
/// ```ignore
/// #[crosslane::trusted(reads(CONFIG), updates(PLUGIN_STATE[caller]))]
/// fn run_plugin(deps: DepsMut, info: &MessageInfo) { /* … */ }
/// ```
#[proc_macro_attribute]
pub fn trusted(arguments: TokenStream, item: TokenStream) -> TokenStream {
    fallback::with_errors(valid::arguments("trusted", &arguments), item)
}

/// Hides a finding on the item it stands on; the reason is for people.
///
/// ```ignore
/// #[crosslane::allow(hot-counter, reason = "one vote at a time is what we want")]
/// pub fn vote() {}
/// ```
///
/// An `allow` that hides nothing is reported by `cargo crosslane check` (XL903).
#[proc_macro_attribute]
pub fn allow(arguments: TokenStream, item: TokenStream) -> TokenStream {
    fallback::with_errors(valid::arguments("allow", &arguments), item)
}
