//! Text to lowered program: modules, names, macros, cfg, bodies, spans, models, hostile input.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod world;

mod bodies;
mod fuzz;
mod hostile;
mod macros;
mod models;
mod modules;
mod names;
mod spans;
