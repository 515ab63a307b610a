//! Runs the real binary with the real library around real processes.
#![forbid(unsafe_code)]

mod bad_input;
mod driver;
mod environment;
mod failures;
mod programs;
mod run_file;
mod sanitizers;
mod signals;
mod support;
