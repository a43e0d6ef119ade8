//! Values of a batch: from JSON by their type to canonical bytes by where they go.
//!
//! A value is read once, without a tree, and stored in the form that its use asks for (`Target`). Integers are numbers
//! whatever their spelling; text and bytes are bytes; addresses are canonical (`address`).

use crate::manifest::v1::{Const, OpGroup, Type};

use super::address;

/// The form a value takes where it is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// A number.
    Number,
    /// A truth value.
    Truth,
    /// Exact bytes of a text or of bytes.
    Bytes {
        /// `lower` or `upper`.
        fold: Option<String>,
    },
    /// An address of a kind.
    Address(String),
    /// Something structured, or of no known type: whatever spells the same thing must come out the same.
    Neutral,
    /// Nothing can be said about values here.
    Unknown,
}

impl Target {
    /// The form of key components of a type.
    pub(crate) fn of(ty: &Type) -> Target {
        match ty {
            Type::Uint(_) | Type::Int(_) => Target::Number,
            Type::Bool => Target::Truth,
            Type::Text { fold } => Target::Bytes { fold: fold.clone() },
            Type::Bytes { .. } => Target::Bytes { fold: None },
            Type::Address { kind } => Target::Address(kind.clone()),
            Type::Opaque(_) => Target::Unknown,
            _ => Target::Neutral,
        }
    }
}

/// A value of one part of a call's arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Raw<'a> {
    /// Text.
    Text(&'a str),
    /// Sign and magnitude, big-endian without leading zeros.
    Number(bool, &'a [u8]),
    /// A truth value.
    Truth(bool),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A variant without fields, or the unit.
    Name(&'a str),
    /// Absent.
    None,
    /// Something structured, already in neutral form.
    Tree(&'a [u8]),
}

/// Tags keep the kinds apart.
const NUMBER: u8 = b'i';
const TRUTH: u8 = b'b';
const STRING: u8 = b's';
const NAME: u8 = b'n';
const NONE: u8 = b'o';
const TREE: u8 = b't';

/// Appends the canonical bytes of `raw` as `target` asks. `false`: nothing can be said about the value, `out` is as before.
pub(crate) fn encode(raw: Raw<'_>, target: &Target, out: &mut Vec<u8>) -> bool {
    match (target, raw) {
        (Target::Unknown, _) => false,
        (_, Raw::None) => {
            out.push(NONE);
            true
        }
        (Target::Number, Raw::Number(negative, magnitude)) => {
            number(negative, magnitude, out);
            true
        }
        (Target::Number, Raw::Text(text)) => {
            let mut digits = Vec::new();
            match parse_number(text, &mut digits) {
                Some(negative) => {
                    number(negative, &digits, out);
                    true
                }
                None => false,
            }
        }
        (Target::Number, Raw::Truth(value)) => {
            number(false, if value { &[1] } else { &[] }, out);
            true
        }
        (Target::Truth, Raw::Truth(value)) => {
            out.extend_from_slice(&[TRUTH, u8::from(value)]);
            true
        }
        (Target::Bytes { fold }, Raw::Text(text)) => {
            out.push(STRING);
            match fold.as_deref() {
                Some("upper") => out.extend(text.bytes().map(|byte| byte.to_ascii_uppercase())),
                Some(_) => out.extend(text.bytes().map(|byte| byte.to_ascii_lowercase())),
                None => out.extend_from_slice(text.as_bytes()),
            }
            true
        }
        (Target::Bytes { fold: None } | Target::Address(_), Raw::Bytes(bytes)) => {
            out.push(STRING);
            out.extend_from_slice(bytes);
            true
        }
        (Target::Address(kind), Raw::Text(text)) => {
            out.push(STRING);
            address::canonical(kind, text, out);
            true
        }
        (Target::Bytes { .. } | Target::Neutral, Raw::Name(name)) => {
            out.push(NAME);
            out.extend_from_slice(name.as_bytes());
            true
        }
        (Target::Neutral, Raw::Number(negative, magnitude)) => {
            number(negative, magnitude, out);
            true
        }
        (Target::Neutral, Raw::Truth(value)) => {
            out.extend_from_slice(&[TRUTH, u8::from(value)]);
            true
        }
        (Target::Neutral, Raw::Text(text)) => {
            out.push(STRING);
            address::neutral(text, out);
            true
        }
        (Target::Neutral, Raw::Bytes(bytes)) => {
            out.push(STRING);
            out.extend_from_slice(bytes);
            true
        }
        (Target::Neutral, Raw::Tree(bytes)) => {
            out.push(TREE);
            out.extend_from_slice(bytes);
            true
        }
        _ => false,
    }
}

fn number(negative: bool, magnitude: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[NUMBER, u8::from(negative && !magnitude.is_empty())]);
    out.extend_from_slice(magnitude);
}

/// Appends one part of something structured: its length, then its bytes, so that parts cannot run into each other.
pub(crate) fn part(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Big-endian magnitude without leading zeros.
pub(crate) fn magnitude(value: u128, out: &mut Vec<u8>) {
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    out.extend_from_slice(&bytes[zeros..]);
}

/// Reads decimal (`5`, `05`, `-5`) or hexadecimal (`0x5`) text of at most 256 bits. Returns the sign.
pub(crate) fn parse_number(text: &str, out: &mut Vec<u8>) -> Option<bool> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let from = out.len();
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let padded = if hex.len() % 2 == 0 { hex.to_owned() } else { format!("0{hex}") };
        if hex.is_empty() || !address::hex(&padded, out) {
            return None;
        }
        let zeros = out[from..].iter().take_while(|&&byte| byte == 0).count();
        out.drain(from..from + zeros);
        return (out.len() - from <= 32).then_some(negative);
    }
    if digits.is_empty() || digits.len() > 100 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if let Ok(value) = digits.parse::<u128>() {
        magnitude(value, out);
        return Some(negative);
    }
    let mut all = [0u8; 32];
    for byte in digits.bytes() {
        let mut carry = u32::from(byte - b'0');
        for slot in all.iter_mut().rev() {
            carry += u32::from(*slot) * 10;
            *slot = carry as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return None;
        }
    }
    let zeros = all.iter().take_while(|&&byte| byte == 0).count();
    out.extend_from_slice(&all[zeros..]);
    Some(negative)
}

/// Whether a magnitude fits into a type of so many bits.
pub(crate) fn fits(negative: bool, magnitude: &[u8], bits: u16, signed: bool) -> bool {
    let used = match magnitude.first() {
        None => 0,
        Some(first) => (magnitude.len() * 8) as u32 - first.leading_zeros(),
    };
    let bits = u32::from(bits);
    if !signed {
        return !negative && used <= bits;
    }
    if used < bits {
        return true;
    }
    // The most negative number has a magnitude with one bit more.
    negative && used == bits && magnitude[0].count_ones() == 1 && magnitude[1..].iter().all(|&byte| byte == 0)
}

/// Appends the canonical bytes of a constant of a manifest.
pub(crate) fn encode_const(value: &Const, target: &Target, out: &mut Vec<u8>) -> bool {
    match value {
        Const::Bool(value) => encode(Raw::Truth(*value), target, out),
        Const::Int(value) => {
            let mut digits = Vec::new();
            magnitude(value.unsigned_abs(), &mut digits);
            encode(Raw::Number(*value < 0, &digits), target, out)
        }
        Const::Str(text) => encode(Raw::Text(text), target, out),
        Const::Bytes(bytes) => match (target, std::str::from_utf8(bytes)) {
            // The same bytes given as text must be the same unit.
            (Target::Bytes { .. } | Target::Address(_) | Target::Neutral, Ok(text)) => {
                encode(Raw::Text(text), target, out)
            }
            _ => encode(Raw::Bytes(bytes), target, out),
        },
        Const::Name(name) => encode(Raw::Name(name), target, out),
        Const::Other => false,
    }
}

/// Decodes bytes given as text in a form: `hex`, `base64`, `base58`, `utf8`; other forms are not known.
pub(crate) fn decode_bytes(form: &str, text: &str, out: &mut Vec<u8>) -> Option<bool> {
    match form {
        "hex" => Some(address::hex(text.strip_prefix("0x").unwrap_or(text), out)),
        "utf8" => {
            out.extend_from_slice(text.as_bytes());
            Some(true)
        }
        "base64" => Some(base64(text, out)),
        "base58" => {
            address::neutral(text, out);
            Some(true)
        }
        _ => None,
    }
}

/// Appends the bytes of base64, in either alphabet, padding optional; false when it is none.
pub(crate) fn base64(text: &str, out: &mut Vec<u8>) -> bool {
    let (mut buffer, mut bits) = (0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return false,
        };
        buffer = (buffer << 6 | u32::from(value)) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits) as u8);
        }
    }
    true
}

/// What deltas of one kind share; empty for those that commute with nothing.
pub(crate) fn op_text(group: OpGroup, default: Option<&Const>) -> String {
    match (group, default) {
        (OpGroup::Other, _) | (_, Some(Const::Other)) => String::new(),
        (group, default) => {
            let default = default.map(|value| value.to_json().to_string()).unwrap_or_default();
            format!("{}:{default}", group.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str, target: &Target) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        encode(Raw::Text(text), target, &mut out).then_some(out)
    }

    #[test]
    fn spellings_of_one_number_are_one() {
        let five = bytes("5", &Target::Number);
        assert_eq!(five, bytes("05", &Target::Number));
        assert_eq!(five, bytes("0x5", &Target::Number));
        let mut out = Vec::new();
        assert!(encode(Raw::Number(false, &[5]), &Target::Number, &mut out));
        assert_eq!(five, Some(out));
        assert_ne!(five, bytes("-5", &Target::Number));
        assert_eq!(bytes("-0", &Target::Number), bytes("0", &Target::Number));
        assert_eq!(bytes("five", &Target::Number), None);
        let large = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
        let hex = format!("0x{}", "f".repeat(64));
        assert_eq!(bytes(large, &Target::Number), bytes(&hex, &Target::Number));
        assert_eq!(bytes(&format!("{large}0"), &Target::Number), None);
    }

    #[test]
    fn ranges_are_checked() {
        assert!(fits(false, &[255], 8, false) && !fits(false, &[1, 0], 8, false) && !fits(true, &[1], 8, false));
        assert!(fits(true, &[128], 8, true) && !fits(false, &[128], 8, true) && !fits(true, &[129], 8, true));
        assert!(fits(false, &[], 8, false) && fits(false, &[127], 8, true));
    }

    #[test]
    fn base64_both_alphabets() {
        let mut out = Vec::new();
        assert!(base64("_-8=", &mut out) && base64("/+8", &mut out));
        assert_eq!(out, [0xff, 0xef, 0xff, 0xef]);
        assert!(!base64("a b", &mut out));
    }
}
