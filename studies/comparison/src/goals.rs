//! The budgets of the trackings, beside what the starting implementation takes for the same.

use crate::costs::{MORE_THAN_NONE, TIME, place};
use crate::measures::{Measures, Part};
use crate::memory::OVER_NONE;
use crate::schemes::LIVE_BYTES;
use crate::spread::Spread;

/// A tracking's budget for a free and a malloc over live blocks, under glibc with one scheme.
pub struct Goal {
    /// Whose.
    pub scheme: &'static str,
    /// Instructions over `NONE`, at most: with the truth counted, and without.
    pub instructions: [f64; 2],
    /// Time over that without a library, at most, with one thread and with two.
    pub time: f64,
    /// What was measured of the starting implementation, on another machine: instructions over its forwarding 178; time with one
    /// thread; with two.
    pub before: [&'static str; 3],
}

/// One of each tracking that is not on every block.
pub const GOALS: [Goal; 3] = [
    Goal {
        scheme: "SAMPLE_HEADERS_POISSON",
        instructions: [36.0, 20.0],
        time: 1.20,
        before: ["322-388", "4.2-5.3", "25-28"],
    },
    Goal {
        scheme: "STATELESS_HASH_XOR",
        instructions: [44.0, 30.0],
        time: 1.24,
        before: ["205-290", "3.4-4.2", "16-17"],
    },
    Goal {
        scheme: "SAMPLE_HEADERS_POISSON_MAP",
        instructions: [48.0, 34.0],
        time: 1.30,
        before: ["322-388", "4.2-5.3", "25-28"],
    },
];

/// Resident memory over `NONE` of sample-headers at one sample in 256, at most.
pub const MEMORY_GOAL: f64 = 1.01;

/// Measured instructions over `NONE`, with and without truth.
pub fn instructions(measures: &Measures, scheme: &str) -> [Option<Spread>; 2] {
    [true, false].map(|truth| {
        measures.get(
            Part::Cost,
            &place("window", 1, truth),
            scheme,
            MORE_THAN_NONE,
        )
    })
}

/// Measured time over no library, with one thread and with two.
pub fn times(measures: &Measures, scheme: &str) -> [Option<Spread>; 2] {
    [1, 2].map(|threads| measures.get(Part::Cost, &place("window", threads, true), scheme, TIME))
}

/// Resident memory of sample-headers over `NONE` with a million live blocks of each size.
pub fn memory(measures: &Measures) -> Vec<(u64, Spread)> {
    let of = |size: u64| {
        let workload = format!("live-1m-{size}");
        let ratio = measures.get(Part::Memory, &workload, "SAMPLE_HEADERS_POISSON", OVER_NONE)?;
        Some((size, ratio))
    };
    LIVE_BYTES.into_iter().filter_map(of).collect()
}

/// `reached` or `missed` by both ends, else `undecided`; nothing where it was not measured.
pub fn verdict(measured: Option<Spread>, at_most: f64) -> &'static str {
    match measured.map(|spread| spread.is_between(f64::NEG_INFINITY, at_most)) {
        None => "",
        Some(Some(true)) => "reached",
        Some(Some(false)) => "missed",
        Some(None) => "undecided",
    }
}
