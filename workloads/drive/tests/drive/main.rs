//! Runs the real programs a hundredth of their usual load, under the real library.
#![forbid(unsafe_code)]

mod counted;
mod ends;
mod pipeline;
mod runs;
mod support;
mod wrong;
