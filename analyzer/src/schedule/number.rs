//! Numbers for the units of a large batch, without one table that is larger than the caches.
//!
//! Accesses are dealt out by bits of their unit's hash, so that the table of each part stays in the second-level cache; what
//! is written and read otherwise goes from front to back. In the end units are numbered in order of their first access,
//! which makes the records that a pass meets for the first time stand one behind the other.

use std::ops::Range;

use super::batch::Batch;
use super::table::{BLOCK, MULTIPLIERS, Table, mix};

/// Batches of fewer accesses are looked up as they come.
const LARGE: usize = 1 << 17;
/// About this many accesses go into one part.
const PART: usize = 1 << 13;
/// More parts than this would be more places to write to than a processor keeps at hand.
const MAX_BITS: u32 = 9;
/// Not among the table's own multipliers: units of one part must not share their slots.
const MULTIPLIER: u64 = 0xff51_afd7_ed55_8ccd;

/// Memory for numbering, shared by several batches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbering {
    units: Vec<u64>,
    places: Vec<u32>,
    ends: Vec<u32>,
    slots: Vec<Slot>,
    table: Table<First>,
    found: Vec<u32>,
}

/// The place of a unit's first access.
#[derive(Clone, Copy, Debug)]
struct First(u32);

impl Default for First {
    fn default() -> Self {
        First(u32::MAX)
    }
}

/// A unit and the place of its first access; `u32::MAX` if the slot is free.
#[derive(Clone, Copy, Debug)]
struct Slot {
    unit: u64,
    first: u32,
}

const FREE: Slot = Slot { unit: 0, first: u32::MAX };

/// The numbers of a large batch's units, for all passes over it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    numbering: Numbering,
    numbers: Vec<u32>,
    /// How many there are; `None` for a batch that is looked up as a pass goes on.
    units: Option<usize>,
}

impl Numbers {
    /// Begins with a batch. Results never depend on what was there before; memory is kept.
    pub(crate) fn start(&mut self, batch: &Batch) {
        let large = batch.accesses() >= LARGE;
        self.units = large.then(|| self.numbering.number(batch.units(), &mut self.numbers));
    }
}

/// The records of a batch's units: what every pass over a batch looks up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records<V> {
    table: Table<V>,
    found: Vec<u32>,
}

impl<V: Copy + Default> Records<V> {
    /// Begins a pass over a batch that `numbers` has been started with.
    pub(crate) fn start(&mut self, batch: &Batch, numbers: &Numbers) {
        match numbers.units {
            Some(units) => self.table.adopt(units),
            // A first guess for the number of different units; the table grows when it is wrong.
            None => self.table.reset(batch.accesses() / 3),
        }
    }

    /// The numbers of a block's accesses, and the records by number. Blocks come one after the other.
    #[inline]
    pub(crate) fn block<'a>(
        &'a mut self,
        batch: &Batch,
        numbers: &'a Numbers,
        accesses: Range<usize>,
    ) -> (&'a [u32], &'a mut [V]) {
        if numbers.units.is_some() {
            return (&numbers.numbers[accesses], self.table.records());
        }
        self.table.locate(&batch.units()[accesses], &mut self.found);
        (&self.found, self.table.records())
    }
}

impl Numbering {
    /// Replaces `out` by the number of every access's unit; returns how many units there are.
    pub(crate) fn number(&mut self, units: &[u64], out: &mut Vec<u32>) -> usize {
        let bits = (units.len() / PART).max(2).next_power_of_two().trailing_zeros().min(MAX_BITS);
        let shift = 64 - bits;
        let part = |unit: u64| (mix(unit, MULTIPLIER) >> (shift & 63)) as usize;
        let parts = 1usize << bits;
        self.ends.clear();
        self.ends.resize(parts, 0);
        for &unit in units {
            self.ends[part(unit)] += 1;
        }
        let mut at = 0;
        for end in &mut self.ends {
            let count = *end;
            *end = at;
            at += count;
        }
        self.units.resize(units.len(), 0);
        self.places.resize(units.len(), 0);
        for (place, &unit) in units.iter().enumerate() {
            let end = &mut self.ends[part(unit)];
            let to = *end as usize;
            *end += 1;
            self.units[to] = unit;
            self.places[to] = place as u32;
        }
        out.resize(units.len(), 0);
        let mut from = 0;
        for part in 0..parts {
            let to = self.ends[part] as usize;
            if !self.firsts(from..to, out) {
                self.firsts_of_any(from..to, out);
            }
            from = to;
        }
        let mut next = 0;
        for place in 0..out.len() {
            let first = out[place] as usize;
            // Written first and read then, so that nothing asks whether the access is the first of its unit.
            out[place] = next;
            out[place] = out[first];
            next += u32::from(first == place);
        }
        next as usize
    }

    /// Finds the first accesses of a part in a table that is neither grown nor rehashed; false if that does not do.
    fn firsts(&mut self, part: Range<usize>, out: &mut [u32]) -> bool {
        let capacity = (2 * part.len()).clamp(16, 4 * PART).next_power_of_two();
        self.slots.clear();
        self.slots.resize(capacity, FREE);
        let slots = self.slots.as_mut_slice();
        let (mask, shift) = (slots.len() - 1, 64 - capacity.trailing_zeros());
        let (mut used, mut probes) = (0, 0);
        for (&unit, &place) in self.units[part.clone()].iter().zip(&self.places[part.clone()]) {
            let mut at = (mix(unit, MULTIPLIERS[0]) >> (shift & 63)) as usize & mask;
            while (slots[at].unit != unit) & (slots[at].first != u32::MAX) {
                at = (at + 1) & mask;
                probes += 1;
            }
            let slot = &mut slots[at];
            used += usize::from(slot.first == u32::MAX);
            let first = slot.first.min(place);
            *slot = Slot { unit, first };
            out[place as usize] = first;
            if (used * 8 > capacity * 5) | (probes > 4 * part.len() + 64) {
                return false;
            }
        }
        true
    }

    /// The same whatever the units are.
    fn firsts_of_any(&mut self, part: Range<usize>, out: &mut [u32]) {
        self.table.reset(part.len().min(PART) / 3);
        let mut from = part.start;
        while from < part.end {
            let to = (from + BLOCK).min(part.end);
            self.table.locate(&self.units[from..to], &mut self.found);
            for (&found, &place) in self.found.iter().zip(&self.places[from..to]) {
                let first = self.table.at_mut(found);
                first.0 = first.0.min(place);
                out[place as usize] = first.0;
            }
            from = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Rng;
    use super::*;

    #[test]
    fn numbers_are_in_order_of_appearance() {
        let mut work = Numbering::default();
        let mut out = Vec::new();
        let shapes: [fn(u64) -> u64; 6] =
            [|i| i, |i| i << 44, |i| i << 32 | i, |_| 7, |i| i.wrapping_mul(MULTIPLIER), one_slot];
        let slow = shapes.len() - 1;
        for (seed, shape) in shapes.into_iter().enumerate() {
            let mut rng = Rng::new(seed as u64);
            let units: Vec<u64> = (0..140_000).map(|_| shape(rng.below(20_000))).collect();
            let count = work.number(&units, &mut out);
            let mut known = std::collections::BTreeMap::new();
            for (unit, number) in units.iter().zip(&out) {
                let next = known.len() as u32;
                assert_eq!(*known.entry(unit).or_insert(next), *number);
            }
            assert_eq!(known.len(), count);
            // Whether the last part went the slow way.
            let last = work.ends[work.ends.len() - 2] as usize..units.len();
            assert_eq!(work.firsts(last, &mut out), seed != slow);
        }
    }

    /// Different units that all want the first slot.
    fn one_slot(i: u64) -> u64 {
        // The inverse modulo 2^64: each step doubles the bits that are right.
        let inverse = (0..6).fold(1u64, |x, _| x.wrapping_mul(2u64.wrapping_sub(MULTIPLIERS[0].wrapping_mul(x))));
        let mixed = i.wrapping_mul(inverse);
        mixed ^ (mixed >> 32)
    }
}
