//! Places as the protocol writes them: file addresses and positions in lines and code units.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// What a column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// Code units of UTF-16, the protocol's default.
    Utf16,
}

impl Encoding {
    /// The best of those that a client offers.
    pub(crate) fn choose(offered: &Value) -> Encoding {
        let utf8 = offered.as_array().is_some_and(|all| all.iter().any(|it| it == "utf-8"));
        if utf8 { Encoding::Utf8 } else { Encoding::Utf16 }
    }

    /// The protocol's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16 => "utf-16",
        }
    }

    fn width(self, c: char) -> usize {
        match self {
            Encoding::Utf8 => c.len_utf8(),
            Encoding::Utf16 => c.len_utf16(),
        }
    }

    /// The position of a byte offset.
    pub(crate) fn position(self, text: &str, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let line = before.bytes().filter(|byte| *byte == b'\n').count();
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (line, before[start..].chars().map(|c| self.width(c)).sum())
    }

    /// The range of two byte offsets, as JSON.
    pub(crate) fn range(self, text: &str, lo: usize, hi: usize) -> Value {
        let at = |(line, character): (usize, usize)| json!({ "line": line, "character": character });
        json!({ "start": at(self.position(text, lo)), "end": at(self.position(text, hi)) })
    }

    /// The byte offset of a position; positions beyond the end of a line or of the text are their ends.
    pub(crate) fn offset(self, text: &str, position: &Value) -> usize {
        let (line, character) = line_character(position);
        let start = match line {
            0 => 0,
            _ => match text.match_indices('\n').nth(line - 1) {
                Some((at, _)) => at + 1,
                None => return text.len(),
            },
        };
        let mut units = 0;
        for (at, c) in text[start..].char_indices() {
            if units >= character || c == '\n' {
                return start + at;
            }
            units += self.width(c);
        }
        text.len()
    }
}

/// Line and column of a position.
pub(crate) fn line_character(position: &Value) -> (usize, usize) {
    let number = |name: &str| position[name].as_u64().unwrap_or(0) as usize;
    (number("line"), number("character"))
}

/// The file of an address; `None` for others than `file:`.
pub(crate) fn path_of(uri: &str) -> Option<PathBuf> {
    let path = uri.strip_prefix("file://")?;
    let path = path.strip_prefix("localhost").unwrap_or(path);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push((high * 16 + low) as u8);
    }
    let text = String::from_utf8(bytes).ok()?;
    // `/C:/…` on Windows.
    let drive = text.as_bytes().get(2) == Some(&b':');
    Some(PathBuf::from(if drive { text.trim_start_matches('/') } else { &text }))
}

/// The address of a file.
pub(crate) fn uri_of(path: &Path) -> String {
    let text = path.display().to_string().replace('\\', "/");
    let mut out = String::from(if text.starts_with('/') { "file://" } else { "file:///" });
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_code_units() {
        let text = "größe\r\n𝄞x\nend";
        let at = text.find('x').unwrap();
        assert_eq!(Encoding::Utf16.position(text, at), (1, 2));
        assert_eq!(Encoding::Utf8.position(text, at), (1, 4));
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (offset, _) in text.char_indices() {
                let (line, character) = encoding.position(text, offset);
                let position = json!({ "line": line, "character": character });
                assert_eq!(encoding.offset(text, &position), offset);
            }
            assert_eq!(encoding.offset(text, &json!({ "line": 0, "character": 99 })), 8, "the end of the line");
            assert_eq!(encoding.offset(text, &json!({ "line": 99, "character": 0 })), text.len());
        }
    }

    #[test]
    fn addresses() {
        let path = Path::new("/a b/größe%.rs");
        assert_eq!(path_of(&uri_of(path)).unwrap(), path);
        assert_eq!(path_of("file:///c%3A/x.rs").unwrap(), Path::new("c:/x.rs"));
        assert_eq!(path_of("untitled:1"), None);
        assert_eq!(path_of("file:///%zz"), None);
    }
}
