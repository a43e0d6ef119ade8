//! Workloads: what calls of a contract look like in use. A [`Profile`] says it, [`Generator`] makes batches of it, the
//! same for the same seed.

mod profile;
mod random;
mod synth;

pub use profile::{Dist, EntryProfile, PROFILE_VERSION, Profile, ProfileError};
pub use random::Rng;
pub use synth::{Generator, SHARDS};
pub(crate) use synth::{Receivers, SHARD};
