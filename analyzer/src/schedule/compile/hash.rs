//! Unit ids: a keyed 64-bit hash of canonical bytes with fixed constants, the same on every machine. A collision makes two
//! units one, which can only add a conflict.

const A: u64 = 0xa076_1d64_78bd_642f;
const B: u64 = 0xe703_7ed1_a0b4_28db;
const C: u64 = 0x8ebc_6af0_9c88_c6e3;

/// The node above everything.
pub(crate) const ROOT: u64 = 0x589f_cd8e_3b1a_74c5;

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}

/// The node below `node` that `bytes` name.
#[inline]
pub(crate) fn below(node: u64, bytes: &[u8]) -> u64 {
    let mut state = node ^ A;
    let mut rest = bytes;
    while rest.len() > 16 {
        state = fold(word(rest) ^ B, word(&rest[8..]) ^ state);
        rest = &rest[16..];
    }
    let (low, high) = match rest.len() {
        0 => (0, 0),
        1..=8 => (short(rest), 0),
        _ => (word(rest), short(&rest[8..])),
    };
    let mixed = fold(low ^ B, high ^ state);
    fold(mixed ^ C, (bytes.len() as u64) ^ state.rotate_left(29) ^ A)
}

/// The node below `node` that something hashed before names.
#[inline(always)]
pub(crate) fn join(node: u64, name: u64) -> u64 {
    fold(node ^ C, name ^ A)
}

/// Another unit of the same node.
#[inline(always)]
pub(crate) fn facet(node: u64, which: u64) -> u64 {
    fold(node ^ B, which.wrapping_mul(A) ^ C)
}

#[inline(always)]
fn word(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(eight) => u64::from_le_bytes(*eight),
        None => short(bytes),
    }
}

/// Up to eight bytes.
#[inline(always)]
fn short(bytes: &[u8]) -> u64 {
    let mut eight = [0u8; 8];
    let len = bytes.len().min(8);
    eight[..len].copy_from_slice(&bytes[..len]);
    u64::from_le_bytes(eight)
}

/// The node of an address.
pub(crate) fn address_node(address: &[u8]) -> u64 {
    below(below(ROOT, b"at"), address)
}

/// The node above all cells that have one place on the chain.
pub(crate) fn chain_node() -> u64 {
    below(ROOT, b"chain")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_bytes_are_different_units() {
        let (mut seen, mut texts) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
        for len in 0..40u8 {
            for fill in 0..40u8 {
                for at in 0..len.max(1) {
                    let mut bytes = vec![fill; len as usize];
                    if let Some(slot) = bytes.get_mut(at as usize) {
                        *slot = 0xff;
                    }
                    let new = texts.insert(bytes.clone());
                    assert_eq!(seen.insert(below(ROOT, &bytes)), new, "{bytes:?}");
                }
            }
        }
        assert_ne!(below(below(ROOT, b"ab"), b"c"), below(below(ROOT, b"a"), b"bc"));
        assert_ne!(facet(1, 1), facet(1, 2));
    }

    #[test]
    fn ids_never_change() {
        assert_eq!(below(ROOT, b"balance"), BALANCE);
    }

    const BALANCE: u64 = 11_460_814_877_291_353_129;
}
