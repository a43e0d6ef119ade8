//! The text of `#[account(..)]` as constraints. A constraint is a word, or a word and an expression; constraints stand
//! between commas outside all brackets, an error after `@` may follow.
//! Source: anchor `lang/syn/src/parser/accounts/constraints.rs`.

/// One constraint: its word (`mut`, `associated_token::mint`) and, after `=`, its expression with the place of that in
/// the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::frameworks) struct Constraint<'t> {
    /// The word, without spaces.
    pub(in crate::frameworks) word: String,
    /// The expression; empty when there is none.
    pub(in crate::frameworks) value: &'t str,
    /// Where the expression begins in the text.
    pub(in crate::frameworks) at: usize,
}

/// The constraints of an attribute's text.
pub(in crate::frameworks) fn constraints(text: &str) -> Vec<Constraint<'_>> {
    let marks = marks(text);
    let mut ends: Vec<usize> = marks.iter().filter(|(_, mark)| *mark == ',').map(|(at, _)| *at).collect();
    ends.push(text.len());
    let mut found = Vec::new();
    let mut from = 0;
    for end in ends {
        let inside = |at: usize| at >= from && at < end;
        let stop = marks.iter().find(|(at, mark)| *mark == '@' && inside(*at)).map_or(end, |(at, _)| *at);
        let equals = marks.iter().find(|(at, mark)| *mark == '=' && inside(*at) && *at < stop).map(|(at, _)| *at);
        let word = without_comments(text.get(from..equals.unwrap_or(stop)).unwrap_or(""));
        // `update(..)` and its like: the word is what stands before the bracket.
        let word = word.split(['(', '[', '{']).next().unwrap_or("").to_owned();
        let (value, at) = match equals {
            Some(equals) => {
                let value = text.get(equals + 1..stop).unwrap_or("");
                let lead = value.len() - value.trim_start().len();
                (value.trim(), equals + 1 + lead)
            }
            None => ("", stop),
        };
        if !word.is_empty() {
            found.push(Constraint { word, value, at });
        }
        from = end + 1;
    }
    found
}

/// Commas, single equals signs and at signs outside brackets, strings and comments.
fn marks(text: &str) -> Vec<(usize, char)> {
    let bytes = text.as_bytes();
    let mut marks = Vec::new();
    let mut depth = 0i32;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b'"' => at = string_end(bytes, at),
            b'\'' => at = char_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                while at < bytes.len() && bytes[at] != b'\n' {
                    at += 1;
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at += 2;
                while at < bytes.len() && !(bytes[at] == b'*' && bytes.get(at + 1) == Some(&b'/')) {
                    at += 1;
                }
                at += 1;
            }
            b',' if depth == 0 => marks.push((at, ',')),
            b'@' if depth == 0 => marks.push((at, '@')),
            b'=' if depth == 0 => {
                let before = at.checked_sub(1).map_or(b' ', |before| bytes[before]);
                let double = matches!(bytes.get(at + 1), Some(b'=' | b'>'));
                if !double && !matches!(before, b'=' | b'!' | b'<' | b'>') {
                    marks.push((at, '='));
                }
            }
            _ => {}
        }
        at += 1;
    }
    marks
}

/// The closing quote of a string that opens here.
fn string_end(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at
}

/// The closing quote of a character; the place itself when it is a lifetime.
fn char_end(bytes: &[u8], open: usize) -> usize {
    match (bytes.get(open + 1), bytes.get(open + 2)) {
        (Some(b'\\'), _) => (open + 3..bytes.len()).find(|&at| bytes[at] == b'\'').unwrap_or(bytes.len()),
        (Some(_), Some(b'\'')) => open + 2,
        _ => open,
    }
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("//").into_iter().chain(rest.find("/*")).min() {
        out.push_str(&rest[..start]);
        let end = if rest[start..].starts_with("//") { "\n" } else { "*/" };
        rest = rest[start..].split_once(end).map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out.retain(|c| !c.is_whitespace());
    out
}

#[cfg(test)]
mod tests {
    use super::constraints;

    #[test]
    fn words_and_values() {
        let text = "init, payer = user, // comma, here\n seeds = [b\"a,b\", x.key().as_ref()], bump = s.bump, \
                    constraint = a.b <= c @ Error::Bad, has_one=owner@E::X, mut @ E::Y, token :: mint = m, \
                    constraint = a == b && c != ',' /* mut */, realloc::zero = false";
        let found: Vec<String> = constraints(text).iter().map(|one| format!("{}={}", one.word, one.value)).collect();
        assert_eq!(
            found,
            [
                "init=",
                "payer=user",
                "seeds=[b\"a,b\", x.key().as_ref()]",
                "bump=s.bump",
                "constraint=a.b <= c",
                "has_one=owner",
                "mut=",
                "token::mint=m",
                "constraint=a == b && c != ',' /* mut */",
                "realloc::zero=false"
            ]
        );
    }

    #[test]
    fn places() {
        let text = "mut, seeds =  [b\"x\"]";
        let found = constraints(text);
        assert_eq!(&text[found[1].at..], "[b\"x\"]");
        assert!(constraints("").is_empty());
        assert_eq!(constraints("\"").len(), 1);
    }
}
