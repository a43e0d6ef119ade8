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

/// Base58 of 32 bytes, or of an SS58 address (prefix, 32 bytes, checksum).
fn base58_key(text: &[u8], out: &mut Vec<u8>) -> bool {
    let mut all = [0u8; 40];
    let mut used = 0;
    for &byte in text {
        const LETTERS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        let Some(value) = LETTERS.iter().position(|&letter| letter == byte) else { return false };
        let mut carry = value as u32;
        for slot in all[..used].iter_mut() {
            carry += u32::from(*slot) * 58;
            *slot = carry as u8;
            carry >>= 8;
        }
        while carry > 0 {
            if used == all.len() {
                return false;
            }
            all[used] = carry as u8;
            used += 1;
            carry >>= 8;
        }
    }
    let zeros = text.iter().take_while(|&&byte| byte == b'1').count();
    let len = used + zeros;
    if len > all.len() {
        return false;
    }
    let bytes = &mut all[..len];
    bytes.reverse();
    match len {
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
        // The well-known Alice of Substrate.
        let alice = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
        assert_eq!(of("ss58", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"), of("ss58", alice));
        // SEP-23: the key of zeros.
        assert_eq!(of("strkey", "GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAWHF"), vec![0; 32]);
        assert_eq!(of("near", "Alice.near"), b"alice.near");
        assert_eq!(of("bech32", "alice"), b"alice");
        assert_ne!(of("bech32", "alice"), of("bech32", "bob"));
    }
}
