//! Batches in, schedules out: JSON Lines, CSV and a binary form, read without building a tree and written as they come.

mod binary;
mod blocks;
mod csv;
mod ingest;
mod jsonl;
mod report;

pub use binary::{BinaryError, read_binary, write_binary};
pub use ingest::{Again, BadLine, Format, IngestOptions, InputError, Loaded, read_batch, read_state};
pub use report::{HotUnit, LeftOut, Report, ScheduleFile, ScheduledCall, read_schedule, write_schedule};
