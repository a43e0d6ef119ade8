//! The one hash table of the module: unit id to a small record, open addressing, no pointers.
//!
//! Calls are looked up in blocks: first the slots of all accesses of a block are found (independent loads, which the
//! processor overlaps), then the calls are worked off with known slots. Clustering, by bad luck or by an attacker who
//! knows the constants, is answered by another multiplier, then by a larger table; the contents never depend on either.

/// Records by unit id. Every new unit gets `V::default()`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table<V> {
    slots: Vec<Slot<V>>,
    len: usize,
    shift: u32,
    multiplier: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot<V> {
    /// The unit, xored with [`MASK`] so that small ids do not meet the mark of an empty slot; 0 is empty.
    key: u64,
    value: V,
}

const MASK: u64 = 0x5bd1_e995_c0ff_ee11;
const MULTIPLIERS: [u64; 4] =
    [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93, 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];
/// Longest accepted run of occupied slots; a random table at half load stays far below it.
const PROBES: usize = 96;

fn stored(unit: u64) -> u64 {
    let key = unit ^ MASK;
    if key == 0 { 1 } else { key }
}

impl<V: Copy + Default> Table<V> {
    /// Empties the table and makes it fit for about `units` units. Memory is kept.
    pub(crate) fn reset(&mut self, units: usize) {
        let capacity = (units.max(8) * 3).next_power_of_two();
        if self.slots.len() == capacity {
            self.slots.fill(Slot::default());
        } else {
            self.slots.clear();
            self.slots.resize(capacity, Slot::default());
        }
        self.len = 0;
        self.shift = 64 - capacity.trailing_zeros();
        self.multiplier = MULTIPLIERS[0];
    }

    /// Number of units seen.
    #[allow(dead_code)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The record in a slot.
    #[inline(always)]
    pub(crate) fn at(&self, slot: u32) -> &V {
        &self.slots[slot as usize].value
    }

    /// The record in a slot, to change it.
    #[inline(always)]
    pub(crate) fn at_mut(&mut self, slot: u32) -> &mut V {
        &mut self.slots[slot as usize].value
    }

    /// Finds or makes the slots of `units`. All slots found earlier may be invalid afterwards.
    #[inline]
    pub(crate) fn locate(&mut self, units: &[u64], out: &mut Vec<u32>) {
        // At most 5/8 full after this block.
        if (self.len + units.len()) * 8 > self.slots.len() * 5 {
            self.grow(units.len());
        }
        while !self.try_locate(units, out) {
            self.rehash();
        }
    }

    #[inline]
    fn try_locate(&mut self, units: &[u64], out: &mut Vec<u32>) -> bool {
        out.clear();
        let (shift, multiplier) = (self.shift, self.multiplier);
        let slots = self.slots.as_mut_slice();
        let mask = slots.len().wrapping_sub(1);
        let mut len = self.len;
        let mut fine = true;
        out.extend(units.iter().map(|&unit| {
            let key = stored(unit);
            let mut at = ((key ^ (key >> 32)).wrapping_mul(multiplier) >> shift) as usize & mask;
            let mut probes = 0;
            // One branch, and a rare one: whether the slot is somebody else's. New or known is not asked.
            while (slots[at].key != key) & (slots[at].key != 0) {
                at = (at + 1) & mask;
                probes += 1;
                if probes > PROBES {
                    fine = false;
                    return at as u32;
                }
            }
            let slot = &mut slots[at];
            len += usize::from(slot.key == 0);
            slot.key = key;
            at as u32
        }));
        self.len = len;
        fine
    }

    /// The record of one unit, made if it is new.
    pub(crate) fn entry(&mut self, unit: u64, scratch: &mut Vec<u32>) -> &mut V {
        self.locate(&[unit], scratch);
        let slot = scratch.first().copied().unwrap_or(0);
        self.at_mut(slot)
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let mut capacity = self.slots.len().max(16);
        while (self.len + more) * 8 > capacity * 5 || capacity == self.slots.len() {
            capacity *= 2;
        }
        self.rebuild(capacity, 0);
    }

    /// A run got too long: take the next multiplier that works, or a larger table.
    #[cold]
    fn rehash(&mut self) {
        let next = MULTIPLIERS.iter().position(|&m| m == self.multiplier).unwrap_or(0) + 1;
        if next < MULTIPLIERS.len() {
            self.rebuild(self.slots.len(), next);
        } else {
            self.rebuild(self.slots.len() * 2, 0);
        }
    }

    fn rebuild(&mut self, capacity: usize, multiplier: usize) {
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); capacity]);
        self.shift = 64 - capacity.trailing_zeros();
        self.multiplier = MULTIPLIERS[multiplier];
        let mask = capacity - 1;
        for slot in old.into_iter().filter(|slot| slot.key != 0) {
            let mut at = ((slot.key ^ (slot.key >> 32)).wrapping_mul(self.multiplier) >> self.shift) as usize & mask;
            while self.slots[at].key != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = slot;
        }
    }
}

/// Calls per block are chosen so that about this many accesses are looked up at once.
pub(crate) const BLOCK: usize = 192;

/// The end of the block that begins at call `from`: at least one call, about [`BLOCK`] accesses.
#[inline]
pub(crate) fn block_end(starts: &[u32], from: usize) -> usize {
    let limit = starts[from] as usize + BLOCK;
    let calls = starts.len() - 1;
    let mut to = (from + BLOCK / 4).min(calls);
    while to > from + 1 && starts[to] as usize > limit {
        to -= (to - from).div_ceil(4).min(to - from - 1);
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaves_like_a_map_on_hostile_units() {
        let shapes: [fn(u64) -> u64; 6] =
            [|i| i, |i| i << 40, |i| i << 32 | i, |i| i * 4096, |i| !i, |i| MASK ^ i.rotate_right(11)];
        for shape in shapes {
            let mut table: Table<u32> = Table::default();
            table.reset(10);
            let mut model = std::collections::BTreeMap::new();
            let mut scratch = Vec::new();
            for i in 0..20_000u64 {
                let unit = shape(i * 7919 % 5_000);
                *table.entry(unit, &mut scratch) += 1;
                *model.entry(stored(unit)).or_insert(0u32) += 1;
            }
            assert_eq!(table.len(), model.len());
            for i in 0..5_000u64 {
                let unit = shape(i);
                let expected = model.get(&stored(unit)).copied().unwrap_or(0);
                assert_eq!(*table.entry(unit, &mut scratch), expected);
            }
        }
    }

    #[test]
    fn crafted_clusters_are_broken_up() {
        // Units whose first multiplier sends all of them to slot 0: products with few high bits.
        let inverse = (0..6).fold(1u64, |x, _| x.wrapping_mul(2u64.wrapping_sub(MULTIPLIERS[0].wrapping_mul(x))));
        let mut table: Table<u32> = Table::default();
        table.reset(10);
        let mut scratch = Vec::new();
        for i in 1..3_000u64 {
            let folded = i.wrapping_mul(inverse);
            let unit = (folded ^ (folded >> 32)) ^ MASK;
            *table.entry(unit, &mut scratch) += 1;
        }
        assert_eq!(table.len(), 2_999);
        assert!(table.slots.len() <= 1 << 16, "{}", table.slots.len());
    }
}
