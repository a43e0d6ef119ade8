//! The one hash table of the module: unit id to a small record, open addressing, no pointers.
//!
//! Calls are looked up in blocks: first the slots of all accesses of a block are found (independent loads, which the
//! processor overlaps), then the calls are worked off with known slots. Clustering, by bad luck or by an attacker who
//! knows the constants, is answered by another multiplier, then by a larger table; the contents never depend on either.

/// Records by unit id. Every new unit gets `V::default()`.
///
/// A slot is eight bytes: 31 bits of the unit's hash, a mark, and the number of the unit in order of appearance. Units and
/// records stand densely by that number, so units that are met for the first time cost one random access, not two, and
/// emptying the table touches the slots alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table<V> {
    /// `tag << 32 | number`; 0 is empty.
    slots: Vec<u64>,
    /// By number; may be longer than `len`.
    units: Vec<u64>,
    /// By number.
    records: Vec<V>,
    len: usize,
    shift: u32,
    multiplier: u64,
}

/// Odd; the first one is taken until units cluster under it.
pub(super) const MULTIPLIERS: [u64; 4] =
    [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93, 0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];
/// Longest accepted run of occupied slots; a random table at half load stays far below it.
const PROBES: usize = 96;

/// A unit whose high bits depend on all of its bits.
#[inline(always)]
pub(super) fn mix(unit: u64, multiplier: u64) -> u64 {
    (unit ^ (unit >> 32)).wrapping_mul(multiplier)
}

/// Bits of a mixed unit that do not choose the slot; never 0.
#[inline(always)]
fn tag(mixed: u64) -> u64 {
    ((mixed << 24) >> 32 | 1) << 32
}

impl<V: Copy + Default> Table<V> {
    /// Empties the table and makes it fit for about `units` units. Memory is kept.
    pub(crate) fn reset(&mut self, units: usize) {
        let capacity = (units.max(8) * 3).next_power_of_two();
        if self.slots.len() == capacity {
            self.slots.fill(0);
        } else {
            self.slots.clear();
            self.slots.resize(capacity, 0);
        }
        self.records.clear();
        self.len = 0;
        self.shift = 64 - capacity.trailing_zeros();
        self.multiplier = MULTIPLIERS[0];
    }

    /// Number of units seen.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The record of a unit's number.
    #[inline(always)]
    pub(crate) fn at(&self, number: u32) -> &V {
        &self.records[number as usize]
    }

    /// All records, by number.
    pub(crate) fn records(&mut self) -> &mut [V] {
        &mut self.records
    }

    /// Empties the table of units and makes it hold the records of `count` units that others have numbered.
    pub(crate) fn adopt(&mut self, count: usize) {
        self.reset(0);
        self.records.resize(count, V::default());
    }

    /// The record of a unit's number, to change it.
    #[inline(always)]
    pub(crate) fn at_mut(&mut self, number: u32) -> &mut V {
        &mut self.records[number as usize]
    }

    /// Finds or gives the numbers of `units`.
    #[inline]
    pub(crate) fn locate(&mut self, units: &[u64], out: &mut Vec<u32>) {
        // At most 5/8 full after this block.
        if (self.len + units.len()) * 8 > self.slots.len() * 5 {
            self.grow(units.len());
        }
        if self.units.len() <= self.len + units.len() {
            self.units.resize(self.len + units.len() + 1, 0);
        }
        while !self.try_locate(units, out) {
            self.rehash();
        }
        // Another unit with the tag of one that was looked for is as rare as it has to be told.
        for (&unit, number) in units.iter().zip(out.iter_mut()) {
            if self.units[*number as usize] != unit {
                *number = self.locate_slowly(unit);
            }
        }
        self.records.resize(self.len, V::default());
    }

    /// Finds or gives numbers by tag alone; false when a run of slots is too long.
    #[inline(never)]
    fn try_locate(&mut self, units: &[u64], out: &mut Vec<u32>) -> bool {
        out.clear();
        out.resize(units.len(), 0);
        let (shift, multiplier) = (self.shift, self.multiplier);
        let slots = self.slots.as_mut_slice();
        let known = self.units.as_mut_slice();
        let Some(mask) = slots.len().checked_sub(1) else { return false };
        let mut len = self.len;
        let mut fine = true;
        for (&unit, number) in units.iter().zip(out.as_mut_slice()) {
            let mixed = mix(unit, multiplier);
            let tag = tag(mixed);
            let mut at = (mixed >> (shift & 63)) as usize & mask;
            let mut slot = slots[at];
            // One branch, and a rare one: whether the slot is somebody else's. New or known is not asked.
            if (slot != 0) & ((slot ^ tag) >> 32 != 0) {
                let mut probes = 0;
                while (slot != 0) & ((slot ^ tag) >> 32 != 0) {
                    at = (at + 1) & mask;
                    slot = slots[at];
                    probes += 1;
                }
                fine &= probes <= PROBES;
            }
            let fresh = u64::from(slot == 0);
            // A fresh slot is 0, so that "or" puts in what is new and leaves what is known.
            slot |= (tag | len as u64) & fresh.wrapping_neg();
            slots[at] = slot;
            // Behind the units that are known there is room to scribble.
            known[len] = unit;
            len += fresh as usize;
            *number = slot as u32;
        }
        self.len = len;
        fine
    }

    #[cold]
    fn locate_slowly(&mut self, unit: u64) -> u32 {
        let mask = self.slots.len() - 1;
        let tag = tag(mix(unit, self.multiplier));
        let mut at = (mix(unit, self.multiplier) >> self.shift) as usize & mask;
        for _ in 0..=PROBES {
            let slot = self.slots[at];
            if slot == 0 {
                self.slots[at] = tag | self.len as u64;
                // Room was made for the whole block.
                self.units[self.len] = unit;
                self.len += 1;
                return self.len as u32 - 1;
            }
            if (slot ^ tag) >> 32 == 0 && self.units[slot as u32 as usize] == unit {
                return slot as u32;
            }
            at = (at + 1) & mask;
        }
        self.rehash();
        self.locate_slowly(unit)
    }

    /// The record of one unit, made if it is new.
    pub(crate) fn entry(&mut self, unit: u64, scratch: &mut Vec<u32>) -> &mut V {
        self.locate(&[unit], scratch);
        let number = scratch.first().copied().unwrap_or(0);
        self.at_mut(number)
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
        self.slots.clear();
        self.slots.resize(capacity, 0);
        self.shift = 64 - capacity.trailing_zeros();
        self.multiplier = MULTIPLIERS[multiplier];
        let mask = capacity - 1;
        for (number, &unit) in self.units[..self.len].iter().enumerate() {
            let mixed = mix(unit, self.multiplier);
            let mut at = (mixed >> self.shift) as usize & mask;
            while self.slots[at] != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = tag(mixed) | number as u64;
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
            [|i| i, |i| i << 40, |i| i << 32 | i, |i| i * 4096, |i| !i, |i| i.rotate_right(11)];
        for shape in shapes {
            let mut table: Table<u32> = Table::default();
            table.reset(10);
            let mut model = std::collections::BTreeMap::new();
            let mut scratch = Vec::new();
            for i in 0..20_000u64 {
                let unit = shape(i * 7919 % 5_000);
                *table.entry(unit, &mut scratch) += 1;
                *model.entry(unit).or_insert(0u32) += 1;
            }
            assert_eq!(table.len(), model.len());
            for i in 0..5_000u64 {
                let unit = shape(i);
                let expected = model.get(&unit).copied().unwrap_or(0);
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
            let unit = folded ^ (folded >> 32);
            *table.entry(unit, &mut scratch) += 1;
        }
        assert_eq!(table.len(), 2_999);
        assert!(table.slots.len() <= 1 << 16, "{}", table.slots.len());
    }
}
