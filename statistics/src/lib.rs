//! How sure a number is that was estimated from samples, and whether a sampler does what it says.
//!
//! Formulas alone: no file, no record, no scheme. Each stands with its source, its range and a worked number, and is tested against published
//! values; `tests/streams` drives the real decisions over thousands of streams and measures how often the intervals hold the truth.
//!
//! Reading order: [`intervals`] around one estimate, a share or a mean over runs; [`resampling`] where no formula holds; [`gaps`] between samples against
//! their ideal; [`deviations`] over runs; [`closed_forms`] of what an ideal sampler sees; [`comparisons`], when many tests are read at once; [`equivalence`], when the claim is that
//! there is no error; [`agreement`] of two
//! measurements.
//!
//! A function that has too little to go on returns `None`, never a number that looks like an answer.
#![forbid(unsafe_code)]

pub mod agreement;
pub mod closed_forms;
pub mod comparisons;
pub mod deviations;
pub mod equivalence;
pub mod gaps;
pub mod intervals;
mod random;
pub mod resampling;
