//! Scheduling from outside: quality gates, published instances, peers, and an interpreter that runs what schedules allow.

#![cfg(feature = "schedule")]
#![allow(unreachable_pub, clippy::unwrap_used)]

mod edges;
mod instances;
mod interpreter;
mod peers;
mod quality;
mod stages;
#[path = "../../benches/support/workloads.rs"]
mod workloads;
