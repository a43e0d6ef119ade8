//! Scheduling: from calls and what they touch to waves, lanes, budgets and the key that is in the way.
//!
//! The core knows units (64-bit ids) and classes of access, nothing of contracts: `batch` holds calls, `analyse` finds
//! levels, earliest starts and the critical path in one pass, `graph` materialises the order, `lanes` makes schedules,
//! `verify` checks them. On top, manifests become evaluators and files become batches.

mod analyse;
mod audit;
mod batch;
mod bound;
mod budget;
mod check;
mod compile;
mod flow;
mod graph;
pub mod io;
mod job;
pub mod lanes;
mod number;
mod stages;
mod state;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
pub(crate) mod tests;
mod verify;

pub use analyse::{Analysis, NONE, UnitShare, WhatIf, Workspace, analyse, levels, what_if_delta};
pub use audit::{Anomaly, Audit, Recorded};
pub use batch::{Access, BLIND, Batch, BatchError, CLASSES, DELTA, EXCLUSIVE, Limits, READ, Rule, conflicts, join};
pub use bound::interval_bound;
pub use budget::{Budget, Full, Resource, Selection, percentiles, select};
pub use check::{Checker, check_schedule};
pub use compile::{
    AccountValue, BatchBuilder, Call, CallError, CallLine, CompileError, Evaluator, EvaluatorOptions, Funds, Scope,
    UnitName,
};
#[cfg(feature = "workload")]
pub(crate) use compile::{base64, text_hash};
pub use flow::{Flow, FlowError};
pub use graph::{ClassGraph, GraphWorkspace};
pub use job::{Method, Planned, Request, plan};
pub use lanes::{
    BestWorkspace, FreeOptions, FreeOrder, LaneStream, Lanes, MAX_LANES, StreamWorkspace, best, best_effort, free,
    in_order, lower_bound, windowed,
};
pub use stages::{Cluster, Stage, Stages, stages, stages_within, verify_stages};
pub use state::{State, StateLine};
pub use verify::{Order, Violation, verify, verify_waves};
