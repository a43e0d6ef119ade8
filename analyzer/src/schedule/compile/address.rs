//! Canonical bytes of addresses: every spelling of one address (upper or lower case, base58, hexadecimal, bech32, base32)
//! becomes the same bytes. Where a spelling does not carry the network or the account kind these are dropped, which can
//! only make two addresses equal that are not: a conflict more, never one less.

/// Appends the canonical bytes of an address of `kind` (`bech32`, `base58`, `strkey`, `evm`, `ss58`, `near`, `text`; an
/// unknown kind is [`neutral`]).
pub(crate) fn canonical(kind: &str, text: &str, out: &mut Vec<u8>) {
    let text = text.trim();
    match kind {
        "text" => out.extend_from_slice(text.as_bytes()),
        "near" => lower(text, out),
        "evm" => {
            let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
            if digits.len() == 40 && hex(digits, out) {
                return;
            }
            lower(text, out);
        }
        _ => neutral(text, out),
    }
}

/// Appends canonical bytes of a text that may or may not be an address of any kind.
pub(crate) fn neutral(text: &str, out: &mut Vec<u8>) {
    let text = text.trim();
    let bytes = text.as_bytes();
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        if hex(digits, out) {
            return;
        }
    }
    if (bytes.len() == 64 || bytes.len() == 40) && hex(text, out) {
        return;
    }
    if bytes.len() == 56 && strkey(bytes, out) {
        return;
    }
    if bech32(bytes, out) {
        return;
    }
    if (32..=50).contains(&bytes.len()) && base58_key(bytes, out) {
        return;
    }
    lower(text, out);
}

fn lower(text: &str, out: &mut Vec<u8>) {
    out.extend(text.bytes().map(|byte| byte.to_ascii_lowercase()));
}

/// Hexadecimal of either case; leaves `out` alone when the text is something else.
pub(crate) fn hex(text: &str, out: &mut Vec<u8>) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() % 2 != 0 {
        return false;
    }
    let from = out.len();
    for pair in bytes.chunks_exact(2) {
        match ((pair[0] as char).to_digit(16), (pair[1] as char).to_digit(16)) {
            (Some(high), Some(low)) => out.push((high * 16 + low) as u8),
            _ => {
                out.truncate(from);
                return false;
            }
        }
    }
    true
}

/// Stellar's base32 with version and checksum: 32 bytes of payload.
fn strkey(text: &[u8], out: &mut Vec<u8>) -> bool {
    let (mut buffer, mut bits, mut all) = (0u32, 0, [0u8; 35]);
    let mut at = 0;
    for &byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return false,
        };
        buffer = buffer << 5 | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            all[at] = (buffer >> bits) as u8;
            at += 1;
        }
    }
    let mut crc = 0u16;
    for &byte in &all[..33] {
        crc ^= u16::from(byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
        }
    }
    if crc.to_le_bytes() != all[33..] {
        return false;
    }
    out.extend_from_slice(&all[1..33]);
    true
}

/// Letters of bech32, of either case, by their bytes; 255 for all others.
const VALUES: [u8; 256] = {
    let letters = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let mut out = [255u8; 256];
    let mut at = 0;
    while at < letters.len() {
        out[letters[at] as usize] = at as u8;
        out[letters[at].to_ascii_uppercase() as usize] = at as u8;
        at += 1;
    }
    out
};

/// Longest text that is tried as bech32.
const LONGEST: usize = 120;

/// What a value adds to a bech32 checksum that many values before its end. The checksum is linear, so that values can be
/// added one by one, in any order, where the usual form waits for each value before it takes the next.
static ADDS: [[u32; 32]; 2 * LONGEST + 2] = {
    let generators = [0x3b6a_57b2u32, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let mut out = [[0u32; 32]; 2 * LONGEST + 2];
    let mut value = 0;
    while value < 32 {
        let mut sum = value as u32;
        let mut at = 0;
        while at < out.len() {
            out[at][value] = sum;
            let top = sum >> 25;
            sum = (sum & 0x1ff_ffff) << 5;
            let mut bit = 0;
            while bit < 5 {
                if top >> bit & 1 == 1 {
                    sum ^= generators[bit];
                }
                bit += 1;
            }
            at += 1;
        }
        value += 1;
    }
    out
};

/// Bech32 and bech32m: the data part as bytes.
fn bech32(text: &[u8], out: &mut Vec<u8>) -> bool {
    if text.len() > LONGEST || text.len() < 10 {
        return false;
    }
    let Some(split) = text.iter().rposition(|&byte| byte == b'1') else { return false };
    let data = &text[split + 1..];
    if split == 0 || data.len() < 7 {
        return false;
    }
    // The prefix counts twice, its high bits and its low bits, with a zero between.
    let all = 2 * split + 1 + data.len();
    let mut sum = ADDS[all][1];
    for (at, &byte) in text[..split].iter().enumerate() {
        let byte = byte.to_ascii_lowercase();
        sum ^= ADDS[all - 1 - at][usize::from(byte >> 5)];
        sum ^= ADDS[data.len() + split - 1 - at][usize::from(byte & 31)];
    }
    let (mut values, mut wrong) = ([0u8; LONGEST], 0u8);
    for (slot, &byte) in values.iter_mut().zip(data) {
        *slot = VALUES[usize::from(byte)];
        wrong |= *slot;
    }
    if wrong > 31 {
        return false;
    }
    let values = &values[..data.len()];
    for (adds, &value) in ADDS[..data.len()].iter().rev().zip(values) {
        sum ^= adds[usize::from(value & 31)];
    }
    if sum != 1 && sum != 0x2bc8_30a3 {
        return false;
    }
    let (mut buffer, mut bits) = (0u32, 0);
    for &value in &values[..data.len() - 6] {
        buffer = (buffer << 5 | u32::from(value)) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits) as u8);
        }
    }
    true
}

/// Letters of base58 by their bytes; 255 for all others.
const BASE58: [u8; 256] = {
    let letters = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut out = [255u8; 256];
    let mut at = 0;
    while at < letters.len() {
        out[letters[at] as usize] = at as u8;
        at += 1;
    }
    out
};

/// Base58 of 32 bytes, or of an SS58 address (prefix, 32 bytes, checksum).
fn base58_key(text: &[u8], out: &mut Vec<u8>) -> bool {
    // Ten words of 32 bits, the lowest first, hold 40 bytes. Five letters go in at a time: 58⁵ fits in a word.
    let (mut words, mut used) = ([0u32; 10], 0);
    for letters in text.chunks(5) {
        let (mut value, mut scale, mut wrong) = (0u32, 1u32, 0);
        for &letter in letters {
            let digit = BASE58[usize::from(letter)];
            wrong |= digit;
            value = value.wrapping_mul(58).wrapping_add(u32::from(digit));
            scale *= 58;
        }
        if wrong > 63 {
            return false;
        }
        let mut carry = u64::from(value);
        for word in &mut words[..used] {
            carry += u64::from(*word) * u64::from(scale);
            *word = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            let Some(word) = words.get_mut(used) else { return false };
            *word = carry as u32;
            used += 1;
        }
    }
    let mut all = [0u8; 40];
    for (bytes, word) in all.chunks_exact_mut(4).rev().zip(words) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    let above = all.iter().take_while(|&&byte| byte == 0).count();
    let zeros = text.iter().take_while(|&&byte| byte == b'1').count();
    let Some(from) = above.checked_sub(zeros) else { return false };
    let bytes = &all[from..];
    match bytes.len() {
        32 => out.extend_from_slice(bytes),
        // One or two bytes of network, two of checksum.
        35 => out.extend_from_slice(&bytes[1..33]),
        36 => out.extend_from_slice(&bytes[2..34]),
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        canonical(kind, text, &mut out);
        out
    }

    #[test]
    fn spellings_of_one_address_are_one() {
        assert_eq!(
            of("evm", "0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B"),
            of("evm", "ab5801a7d398351b8be11c439e05c5b3259aec9b")
        );
        // BIP 173: P2WPKH test vector; its program in hexadecimal carries a version in front here.
        let bech = of("bech32", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4");
        assert_eq!(bech, of("bech32", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"));
        let cosmos = of("bech32", "cosmos1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnrk363e");
        assert_eq!(cosmos.len(), 20, "{cosmos:?}");
        assert_eq!(cosmos, of("bech32", "000102030405060708090a0b0c0d0e0f10111213"));
        assert_eq!(of("base58", "11111111111111111111111111111111"), vec![0; 32]);
        assert_eq!(of("base58", &"00".repeat(32)), vec![0; 32]);
        // The token program of Solana, as its source gives its bytes.
        let token = "06ddf6e1d765a193d9cbe146ceeb79ac1cb485ed5f5b37913a8cf5857eff00a9";
        assert_eq!(of("base58", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"), of("base58", token));
        // The well-known Alice of Substrate.
        let alice = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
        assert_eq!(of("ss58", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"), of("ss58", alice));
        // SEP-23: the key of zeros.
        assert_eq!(of("strkey", "GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF"), vec![0; 32]);
        assert_eq!(of("near", "Alice.near"), b"alice.near");
        assert_eq!(of("bech32", "alice"), b"alice");
        assert_ne!(of("bech32", "alice"), of("bech32", "bob"));
    }

    /// Base58 by repeated division, the other way round than [`base58_key`] works.
    fn base58(bytes: &[u8]) -> String {
        let letters = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        let mut rest = bytes.to_vec();
        let mut out: Vec<u8> = Vec::new();
        while rest.iter().any(|&byte| byte != 0) {
            let mut carry = 0u32;
            for byte in &mut rest {
                carry = carry << 8 | u32::from(*byte);
                *byte = (carry / 58) as u8;
                carry %= 58;
            }
            out.push(letters[carry as usize]);
        }
        out.extend(bytes.iter().take_while(|&&byte| byte == 0).map(|_| b'1'));
        out.iter().rev().map(|&letter| char::from(letter)).collect()
    }

    #[test]
    fn base58_of_any_length_and_with_zeros_in_front() {
        let mut state = 7u64;
        for round in 0..2000usize {
            let mut bytes: Vec<u8> = (0..30 + round % 8)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 56) as u8
                })
                .collect();
            bytes[..round % 5].fill(0);
            let (text, mut out) = (base58(&bytes), Vec::new());
            let expected = match bytes.len() {
                32 => Some(&bytes[..]),
                35 => Some(&bytes[1..33]),
                36 => Some(&bytes[2..34]),
                _ => None,
            };
            assert_eq!(base58_key(text.as_bytes(), &mut out), expected.is_some(), "{text}");
            assert_eq!(out, expected.unwrap_or_default(), "{text}");
            // A letter that base58 does not have.
            assert!(!base58_key(text.replace(&text[5..6], "l").as_bytes(), &mut Vec::new()), "{text}");
        }
        assert!(!base58_key("z".repeat(80).as_bytes(), &mut Vec::new()));
    }
}
