//! Runs the real binary over directories of run files.
#![forbid(unsafe_code)]
// A record has more fields than `json!` expands by default.
#![recursion_limit = "256"]

mod bad_input;
mod fixture;
mod fuzz;
mod golden;
mod numbers;
