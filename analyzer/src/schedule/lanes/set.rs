//! The lanes of a schedule in the making: when each is free.

use super::super::analyse::pick64;

/// Free times of lanes.
#[derive(Clone, Debug)]
pub(crate) enum LaneSet {
    /// Few lanes: free time by lane.
    Few(Vec<u64>),
    /// Many lanes: (free time, lane), ascending by time, then descending by lane.
    Many(Vec<(u64, u32)>),
}

const FEW: u32 = 24;

impl LaneSet {
    /// `lanes` lanes (at least 1), all free from the start.
    pub(crate) fn new(lanes: u32) -> LaneSet {
        if lanes <= FEW {
            LaneSet::Few(vec![0; lanes.max(1) as usize])
        } else {
            LaneSet::Many((0..lanes).rev().map(|lane| (0, lane)).collect())
        }
    }

    /// Places a call that is ready at `ready` and takes `cost`: on the lane that has been idle for the shortest time (best
    /// fit), else on the one that is free first. Returns lane and start.
    #[inline(always)]
    pub(crate) fn place(&mut self, ready: u64, cost: u64) -> (u32, u64) {
        match self {
            LaneSet::Few(free) => {
                let mut least = u64::MAX;
                let mut lane = 0usize;
                for (at, &time) in free.iter().enumerate() {
                    let better = time < least;
                    least = if better { time } else { least };
                    lane = if better { at } else { lane };
                }
                // Mostly either no lane is free in time, or some lane always is.
                if least < ready {
                    let mut best = u64::MAX;
                    for (at, &time) in free.iter().enumerate() {
                        let gap = pick64(time > ready, u64::MAX, ready.wrapping_sub(time));
                        let better = gap < best;
                        best = if better { gap } else { best };
                        lane = if better { at } else { lane };
                    }
                }
                let slot = &mut free[lane];
                let start = ready.max(*slot);
                *slot = start + cost;
                (lane as u32, start)
            }
            LaneSet::Many(free) => {
                let fitting = free.partition_point(|&(time, _)| time <= ready);
                let at = fitting.saturating_sub(1);
                let (time, lane) = free[at];
                let start = ready.max(time);
                let entry = (start + cost, lane);
                let tail = &free[at + 1..];
                let shift = tail.partition_point(|other| {
                    (other.0, std::cmp::Reverse(other.1)) < (entry.0, std::cmp::Reverse(lane))
                });
                free.copy_within(at + 1..at + 1 + shift, at);
                free[at + shift] = entry;
                (lane, start)
            }
        }
    }

    /// When the first lane is free.
    pub(crate) fn first_free(&self) -> u64 {
        match self {
            LaneSet::Few(free) => free.iter().copied().min().unwrap_or(0),
            LaneSet::Many(free) => free.first().map_or(0, |&(time, _)| time),
        }
    }

    /// Places a call on a given lane.
    pub(crate) fn place_on(&mut self, lane: u32, ready: u64, cost: u64) -> u64 {
        match self {
            LaneSet::Few(free) => {
                let lane = lane as usize % free.len();
                let slot = &mut free[lane];
                let start = ready.max(*slot);
                *slot = start + cost;
                start
            }
            LaneSet::Many(free) => {
                let Some(at) = free.iter().position(|&(_, other)| other == lane) else { return ready };
                let (time, lane) = free.remove(at);
                let start = ready.max(time);
                let entry = (start + cost, lane);
                let to = free.partition_point(|other| {
                    (other.0, std::cmp::Reverse(other.1)) < (entry.0, std::cmp::Reverse(lane))
                });
                free.insert(to, entry);
                start
            }
        }
    }
}
