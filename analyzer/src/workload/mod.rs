//! Workloads: what calls of a contract look like in use. A [`Profile`] says it, [`Generator`] makes batches of it, the
//! same for the same seed; [`Learner`] reads a profile off a recorded batch; [`import`] turns what nodes and explorers print
//! into batches; [`placement`] spreads the units of a batch over shards.

mod choice;
pub mod import;
mod learn;
pub mod placement;
mod profile;
mod synth;

pub use crate::random::Rng;
pub use learn::{Forecast, Learned, Learner};
pub use profile::{Dist, EntryProfile, PROFILE_VERSION, Profile, ProfileError};
pub use synth::{Generator, SHARDS};
pub(crate) use synth::{Receivers, SHARD};
