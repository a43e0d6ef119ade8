//! One form for all spellings of an address. A text that is no address of a known form stands for itself in lower case.
//! Networks and versions are dropped: that can only make two addresses equal.

/// The bytes that an address text of a kind denotes.
pub(super) fn bytes(kind: &str, text: &str) -> Vec<u8> {
    let text = text.trim();
    let lower = || text.to_ascii_lowercase().into_bytes();
    match kind {
        "text" => text.as_bytes().to_vec(),
        "near" => lower(),
        "evm" => {
            let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
            if digits.len() == 40 { crate::manifest::unhex(digits).unwrap_or_else(lower) } else { lower() }
        }
        _ => any_kind(text).unwrap_or_else(lower),
    }
}

fn any_kind(text: &str) -> Option<Vec<u8>> {
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        if let Some(bytes) = crate::manifest::unhex(digits) {
            return Some(bytes);
        }
    }
    let hex = if matches!(text.len(), 40 | 64) { crate::manifest::unhex(text) } else { None };
    hex.or_else(|| strkey(text)).or_else(|| bech32(text)).or_else(|| base58_key(text))
}

/// Regroups digits of `from` bits into bytes; left-over bits are dropped.
fn regroup(digits: &[u8], from: u32) -> Vec<u8> {
    let (mut buffer, mut bits, mut out) = (0u32, 0, Vec::new());
    for digit in digits {
        buffer = (buffer << from) | u32::from(*digit);
        bits += from;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    out
}

/// SEP-23: version, 32 bytes, CRC-16 (XModem).
fn strkey(text: &str) -> Option<Vec<u8>> {
    let upper = text.to_ascii_uppercase();
    let digit = |byte| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == byte).map(|at| at as u8);
    let digits: Vec<u8> = upper.bytes().map(digit).collect::<Option<_>>()?;
    if digits.len() != 56 {
        return None;
    }
    let all = regroup(&digits, 5);
    let crc = all[..33].iter().fold(0u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| if crc >> 15 == 1 { (crc << 1) ^ 0x1021 } else { crc << 1 })
    });
    (all[33..] == crc.to_le_bytes()).then(|| all[1..33].to_vec())
}

/// BIP-173 and BIP-350; the human-readable part is checked and dropped.
fn bech32(text: &str) -> Option<Vec<u8>> {
    if !(10..=120).contains(&text.len()) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let (prefix, data) = lower.rsplit_once('1')?;
    let digit = |byte| b"qpzry9x8gf2tvdw0s3jn54khce6mua7l".iter().position(|known| *known == byte).map(|at| at as u8);
    let digits: Vec<u8> = data.bytes().map(digit).collect::<Option<_>>()?;
    if prefix.is_empty() || digits.len() < 7 {
        return None;
    }
    let high = prefix.bytes().map(|byte| byte >> 5);
    let low = prefix.bytes().map(|byte| byte & 31);
    let sum = high.chain([0]).chain(low).chain(digits.iter().copied()).fold(1u32, |sum, value| {
        let top = sum >> 25;
        let mut sum = ((sum & 0x1ff_ffff) << 5) ^ u32::from(value);
        for (bit, constant) in [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3].into_iter().enumerate()
        {
            if (top >> bit) & 1 == 1 {
                sum ^= constant;
            }
        }
        sum
    });
    matches!(sum, 1 | 0x2bc8_30a3).then(|| regroup(&digits[..digits.len() - 6], 5))
}

/// Base58 of 32 bytes, or of SS58: one or two bytes of network, 32 bytes, two of checksum.
fn base58_key(text: &str) -> Option<Vec<u8>> {
    if !(32..=50).contains(&text.len()) {
        return None;
    }
    let bytes = base58(text)?;
    match bytes.len() {
        32 => Some(bytes),
        35 => Some(bytes[1..33].to_vec()),
        36 => Some(bytes[2..34].to_vec()),
        _ => None,
    }
}

/// Any base58 text.
pub(super) fn base58(text: &str) -> Option<Vec<u8>> {
    let mut bytes: Vec<u8> = Vec::new();
    for letter in text.bytes() {
        let known =
            b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".iter().position(|one| *one == letter)?;
        let mut carry = known as u32;
        for byte in bytes.iter_mut().rev() {
            carry += u32::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            bytes.insert(0, carry as u8);
        }
    }
    let zeros = text.bytes().take_while(|byte| *byte == b'1').count();
    Some([vec![0; zeros], bytes].concat())
}

/// Base64 of either alphabet, padding optional.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let digits: Vec<u8> = text.trim_end_matches('=').bytes().map(digit).collect::<Option<_>>()?;
    Some(regroup(&digits, 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address() {
        let same = |kind: &str, all: &[&str]| {
            let first = bytes(kind, all[0]);
            assert!(all.iter().all(|text| bytes(kind, text) == first), "{all:?}");
            first
        };
        same("evm", &["0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B", "ab5801a7d398351b8be11c439e05c5b3259aec9b"]);
        let hex = "000102030405060708090a0b0c0d0e0f10111213";
        let bech32 = "cosmos1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnrk363e";
        same("bech32", &[bech32, &bech32.to_uppercase(), hex, &format!("0x{hex}")]);
        assert_eq!(same("base58", &["11111111111111111111111111111111", &"00".repeat(32)]), [0; 32]);
        let alice = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
        same("ss58", &["5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", alice]);
        same("strkey", &["GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF", &"00".repeat(32)]);
        same("bech32", &["alice", "ALICE"]);
        assert_ne!(bytes("text", "alice"), bytes("text", "Alice"));
        // One wrong letter is another text, and no address.
        assert_eq!(bytes("bech32", "cosmos1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnrk363f").len(), 45);
    }

    #[test]
    fn base64_of_both_alphabets() {
        assert_eq!(base64("_-8="), base64("/+8"));
        assert_eq!(base64("YWI="), Some(b"ab".to_vec()));
        assert_eq!(base64("a b"), None);
    }
}
