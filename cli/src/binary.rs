//! Reads the manifest that `#[crosslane::contract(embed)]` put into a binary: a section of an ELF file (Solana programs,
//! native libraries) or a custom section of a wasm module. Bytes are taken as they come: whatever is odd is an error.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

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
    let field = |header: u64, at: u64| number(header.checked_add(at)?, word);
    let (strings, strings_size) = (field(strings, offset_at)?, field(strings, size_at)?);
    let strings = slice(strings, strings_size)?;
    for index in 0..count {
        let at = header(index)?;
        let name = strings.get(usize::try_from(number(at, 4)?).ok()?..)?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        if name == SECTION {
            return Some(Some(slice(field(at, offset_at)?, field(at, size_at)?)?));
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

/// SHA-256, hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
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
    fn numbers_that_do_not_fit_are_an_error_and_no_panic() {
        for class in [1, 2] {
            for last in [0xff, 0xf7, 0xe7] {
                let mut bytes = b"\x7fELF".to_vec();
                bytes.resize(64, 0);
                (bytes[4], bytes[5]) = (class, 1);
                // The table of sections at the end of all addresses, one entry of no size.
                let (table, count) = if class == 2 { (0x28..0x30, 0x3c) } else { (0x20..0x24, 0x30) };
                bytes[table.clone()].fill(0xff);
                bytes[table.start] = last;
                bytes[count] = 1;
                assert!(section(&bytes).is_err());
            }
        }
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
