//! What a sampling allocator decides and counts, without the allocator.
//!
//! `no_std`, no dependency, no `unsafe`: everything here is arithmetic on sizes, addresses and counters, so that each claim can be
//! tested against a naive model. The library that lives under a program (`sampler-preload`) supplies addresses and memory.
//!
//! Reading order: which schemes there are ([`Scheme`]) and how they are configured ([`Config`]); how each decides
//! ([`decision`], on [`hash`], [`random`] and [`ln`]); how a block remembers it ([`header`]); what is counted ([`slot`], in
//! [`bins`], [`windows`], [`gaps`] and [`gap_sample`]); what the samples stand for ([`estimates`], by [`weight`] and [`exp`]); how other processes see it ([`live`]) and
//! how it is reported ([`record`]). [`sizes`] is a table that one scheme alone fills.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod config;
mod scheme;
mod terms;

pub mod bins;
pub mod counter;
pub mod decision;
pub mod estimates;
pub mod exp;
pub mod gap_sample;
pub mod gaps;
pub mod hash;
pub mod header;
pub mod live;
pub mod ln;
pub mod random;
pub mod record;
pub mod sizes;
pub mod slot;
pub mod weight;
pub mod windows;

pub use config::{BadValue, Config, MEAN_BYTES_MAX, Variable};
pub use scheme::{DecisionName, Scheme, TrackingName};
