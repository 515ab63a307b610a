//! What the project wants sampling to cost a real program at most: server's processor time a unit over that without the library, at a mean
//! gap of 512 KiB.

use crate::run::{POISSON, SAMPLE_HEADERS};
use crate::statistics::Value;

/// A ratio to stay below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    pub at_most: f64,
    pub verdict: Verdict,
}

/// Whether a number keeps to a bound, by its whole interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Inside,
    Outside,
    Undecided,
}

impl Verdict {
    /// As in tables.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Inside => "inside",
            Verdict::Outside => "outside",
            Verdict::Undecided => "undecided",
        }
    }

    /// Inside if the interval is, outside if the interval is; a number without an interval decides nothing.
    pub fn of(value: Value, at_most: f64) -> Verdict {
        match value.interval {
            Some((_, high)) if high <= at_most => Verdict::Inside,
            Some((low, _)) if low > at_most => Verdict::Outside,
            _ => Verdict::Undecided,
        }
    }
}

/// The mean gap that bounds are for.
pub const MEAN_BYTES: u64 = 524_288;

/// Of `HEADER_POISSON_BYTES`, by the first word of a workload's name.
const ALL_HEADERS: [(&str, f64); 4] = [
    ("nginx", 1.08),
    ("memcached", 1.08),
    ("redis", 1.10),
    ("curl", 1.05),
];
/// Of `SAMPLE_HEADERS_POISSON`, on the same.
const SAMPLED_HEADERS: f64 = 1.04;

/// The bound of a path, if it has one, with the verdict on a ratio to no library.
pub fn of(workload: &str, scheme: &str, mean_bytes: Option<u64>, value: Value) -> Option<Bound> {
    let program = workload.split('-').next().unwrap_or_default();
    let (_, of_program) = ALL_HEADERS.iter().find(|(name, _)| *name == program)?;
    let at_most = match scheme {
        _ if mean_bytes != Some(MEAN_BYTES) => return None,
        POISSON => *of_program,
        SAMPLE_HEADERS => SAMPLED_HEADERS,
        _ => return None,
    };
    Some(Bound {
        at_most,
        verdict: Verdict::of(value, at_most),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_interval_decides() {
        let verdict = |interval| {
            let value = Value {
                value: 1.05,
                interval,
                n: 5,
                detectable: None,
            };
            of("redis-4k", POISSON, Some(MEAN_BYTES), value)
                .unwrap()
                .verdict
        };
        assert_eq!(verdict(Some((1.02, 1.10))), Verdict::Inside);
        assert_eq!(verdict(Some((1.02, 1.11))), Verdict::Undecided);
        assert_eq!(verdict(Some((1.101, 1.11))), Verdict::Outside);
        assert_eq!(verdict(None), Verdict::Undecided);
    }

    #[test]
    fn a_bound_holds_at_its_mean_and_program_alone() {
        let value = Value {
            value: 1.0,
            interval: Some((0.9, 1.01)),
            n: 5,
            detectable: None,
        };
        let at_most = |workload, scheme, mean| of(workload, scheme, mean, value).map(|b| b.at_most);
        assert_eq!(at_most("curl", POISSON, Some(MEAN_BYTES)), Some(1.05));
        assert_eq!(
            at_most("curl", SAMPLE_HEADERS, Some(MEAN_BYTES)),
            Some(1.04)
        );
        assert_eq!(at_most("curl", POISSON, Some(4096)), None);
        assert_eq!(at_most("python", POISSON, Some(MEAN_BYTES)), None);
        assert_eq!(at_most("nginx", "HEADER_HASH", None), None);
    }
}
