//! Not written yet.
#![forbid(unsafe_code)]

fn main() {}
