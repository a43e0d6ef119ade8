//! Arguments of attributes. Their language is the analyzer's (`claims`), so a macro, `check` and an editor say the same.

use crosslane_analyzer::claims;
use proc_macro::TokenStream;

use crate::attr::Text;
use crate::fallback::Wrong;

/// All that is wrong with the arguments of an attribute.
pub(crate) fn arguments(attribute: &str, arguments: &TokenStream) -> Vec<Wrong> {
    let text = Text::new(arguments);
    let told = claims::arguments(attribute, &text.text).err().unwrap_or_default();
    told.into_iter().map(|wrong| Wrong { message: wrong.message, place: text.place(wrong.lo, wrong.hi) }).collect()
}
