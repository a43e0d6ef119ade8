//! Reads the manifest that `#[crosslane::contract(embed)]` put into a binary: a section of an ELF file (Solana programs,
//! native libraries) or a custom section of a wasm module. Bytes are taken as they come: whatever is odd is an error.

use std::fmt::Write as _;

/// The section's name.
const SECTION: &[u8] = b".crosslane.v1";

/// The content of the section, or why there is none.
pub(crate) fn section(bytes: &[u8]) -> Result<&[u8], String> {
    let found = if bytes.starts_with(b"\x7fELF") {
        elf(bytes).ok_or("the file is cut off or no valid ELF file")?
    } else if bytes.starts_with(b"\0asm") {
        wasm(bytes).ok_or("the file is cut off or no valid wasm module")?
    } else {
        return Err("neither an ELF file nor a wasm module".to_owned());
    };
    let name = String::from_utf8_lossy(SECTION);
    found.ok_or_else(|| format!("there is no section `{name}` in it"))
}

/// True for a wasm module.
pub(crate) fn is_wasm(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm")
}

/// Sections of an ELF file, of either width and byte order.
fn elf(bytes: &[u8]) -> Option<Option<&[u8]>> {
    let wide = match bytes.get(4)? {
        1 => false,
        2 => true,
        _ => return None,
    };
    let big = match bytes.get(5)? {
        1 => false,
        2 => true,
        _ => return None,
    };
    let number = |at: u64, size: u64| -> Option<u64> {
        let field = bytes.get(usize::try_from(at).ok()?..usize::try_from(at.checked_add(size)?).ok()?)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if big { field.iter().fold(0, fold) } else { field.iter().rev().fold(0, fold) })
    };
    let slice = |at: u64, size: u64| bytes.get(usize::try_from(at).ok()?..usize::try_from(at.checked_add(size)?).ok()?);
    let word = if wide { 8 } else { 4 };
    let table = number(if wide { 0x28 } else { 0x20 }, word)?;
    let (entry, count, names) = match wide {
        true => (number(0x3a, 2)?, number(0x3c, 2)?, number(0x3e, 2)?),
        false => (number(0x2e, 2)?, number(0x30, 2)?, number(0x32, 2)?),
    };
    let (offset_at, size_at) = if wide { (0x18, 0x20) } else { (0x10, 0x14) };
    let header = |index: u64| table.checked_add(index.checked_mul(entry)?);
    if count == 0 {
        return Some(None);
    }
    let strings = header(names)?;
    let (strings, strings_size) = (number(strings + offset_at, word)?, number(strings + size_at, word)?);
    let strings = slice(strings, strings_size)?;
    for index in 0..count {
        let at = header(index)?;
        let name = strings.get(usize::try_from(number(at, 4)?).ok()?..)?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        if name == SECTION {
            return Some(Some(slice(number(at + offset_at, word)?, number(at + size_at, word)?)?));
        }
    }
    Some(None)
}

/// Custom sections of a wasm module.
fn wasm(bytes: &[u8]) -> Option<Option<&[u8]>> {
    let mut rest = bytes.get(8..)?;
    while let Some((id, after)) = rest.split_first() {
        let (size, after) = leb(after)?;
        let content = after.get(..size)?;
        rest = &after[size..];
        if *id == 0 {
            let (length, named) = leb(content)?;
            if named.get(..length)? == SECTION {
                return Some(Some(&named[length..]));
            }
        }
    }
    Some(None)
}

/// An unsigned number of at most 32 bits.
fn leb(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0u64;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, &bytes[at + 1..]));
        }
    }
    None
}

/// SHA-256, hexadecimal (FIPS 180-4).
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut constants = [0u32; 64];
    let mut state = [0u32; 8];
    // Fractional parts of cube and square roots of the first primes.
    let primes = (2u64..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0));
    for (at, prime) in primes.take(64).enumerate() {
        constants[at] = root(u128::from(prime), 3);
        if at < 8 {
            state[at] = root(u128::from(prime), 2);
        }
    }
    let mut message = bytes.to_vec();
    message.push(0x80);
    while message.len() % 64 != 56 {
        message.push(0);
    }
    message.extend((bytes.len() as u64 * 8).to_be_bytes());
    for block in message.chunks_exact(64) {
        let mut w = [0u32; 64];
        for (at, word) in block.chunks_exact(4).enumerate() {
            w[at] = word.iter().fold(0, |value, byte| value << 8 | u32::from(*byte));
        }
        for at in 16..64 {
            let (a, b) = (w[at - 15], w[at - 2]);
            let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            w[at] = w[at - 16].wrapping_add(s0).wrapping_add(w[at - 7]).wrapping_add(s1);
        }
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
        for at in 0..64 {
            let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choice = (e & f) ^ (!e & g);
            let one = h.wrapping_add(s1).wrapping_add(choice).wrapping_add(constants[at]).wrapping_add(w[at]);
            let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let two = s0.wrapping_add((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(one), c, b, a, one.wrapping_add(two));
        }
        for (old, new) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
            *old = old.wrapping_add(new);
        }
    }
    state.iter().fold(String::new(), |mut text, word| {
        let _ = write!(text, "{word:08x}");
        text
    })
}

/// The first 32 bits behind the point of the `degree`-th root of a small number.
fn root(number: u128, degree: u32) -> u32 {
    // The largest x with x^degree ≤ number · 2^(32·degree).
    let wanted = number << (32 * degree);
    let (mut low, mut high) = (0u128, 1u128 << 37);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if middle.checked_pow(degree).is_some_and(|power| power <= wanted) { low = middle } else { high = middle }
    }
    low as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standard() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let two_blocks = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
        assert_eq!(sha256(two_blocks), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    }

    fn module(name: &[u8], content: &[u8]) -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0".to_vec();
        bytes.extend([0, (1 + name.len() + content.len()) as u8, name.len() as u8]);
        bytes.extend(name);
        bytes.extend(content);
        bytes
    }

    #[test]
    fn custom_sections() {
        assert_eq!(section(&module(SECTION, b"{}")), Ok(&b"{}"[..]));
        assert!(section(&module(b"name", b"x")).unwrap_err().contains("no section"));
        assert!(section(b"text").unwrap_err().contains("neither"));
    }

    #[test]
    fn cut_off_anywhere_is_an_error_and_no_panic() {
        let whole = module(SECTION, b"{}");
        for end in 0..whole.len() {
            assert!(section(&whole[..end]).is_err(), "{end}");
        }
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        if own.starts_with(b"\x7fELF") {
            assert!(section(&own).unwrap_err().contains("no section"));
            for end in [4, 5, 16, 40, 63, 64, 1000, own.len() / 2] {
                assert!(section(&own[..end]).is_err(), "{end}");
            }
        }
    }
}
