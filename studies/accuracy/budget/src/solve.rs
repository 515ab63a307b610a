//! The parameters of each scheme, and what is expected of it with them.
//!
//! `E[1 - exp(-size/mean)]` falls as the mean grows, so the mean is found by halving the interval that holds it, and rounded to whole bytes. What is then expected is
//! worked out again with the rounded mean: a scheme that is more than 2 % off its budget is marked, and no ranking takes it.

use std::str::FromStr;

use crate::sizes::Sizes;

/// The sizes that the hybrid draws are below this.
const HYBRID_THRESHOLD_BYTES: u64 = 256;
/// A scheme that expects this much more or less than its budget is not comparable.
const OFF_TARGET: f64 = 0.02;
/// Means that are tried, the largest of them sampler-run's largest.
const MEAN_BYTES_MAX: f64 = (1u64 << 56) as f64;
/// How many base windows make one window of each scale.
const SCALES: [usize; 3] = [1, 10, 100];

/// A share of `2^-halvings`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    halvings: u32,
}

/// What is equal among schemes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Equal {
    /// The expected number of samples.
    Allocs,
    /// The expected bytes in samples.
    Bytes,
}

/// A scheme's parameters and what they lead one to expect.
pub struct Solved {
    pub name: &'static str,
    pub hash_mask: Option<u64>,
    /// Whether the mask is of a hash of addresses, which a salt changes.
    pub hashes: bool,
    pub mean_bytes: Option<u64>,
    pub expected_samples: f64,
    pub expected_bytes: f64,
    /// Sum of p^2 over all allocations.
    pub sum_p_squared: f64,
    pub is_off_target: bool,
    pub note: Option<&'static str>,
    /// At 1, 10 and 100 base windows: the expected share of dead ones, if decisions were independent; `None` where none finished.
    pub dead_zones: [Option<f64>; 3],
}

/// How a scheme decides, and on which sizes.
#[derive(Clone, Copy, PartialEq)]
enum Decision {
    Mask,
    Bytes,
    Hybrid,
}

/// Draws, with the probability that the mask says.
const BERNOULLI: &str = "HEADER_BERNOULLI";

const SCHEMES: [(&str, Decision); 6] = [
    ("HEADER_HASH", Decision::Mask),
    ("HEADER_PAGE_HASH", Decision::Mask),
    ("HEADER_POISSON_BYTES", Decision::Bytes),
    ("HEADER_HYBRID", Decision::Hybrid),
    (BERNOULLI, Decision::Mask),
    ("HEADER_HASH_SPLITMIX", Decision::Mask),
];

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Budget, String> {
        let n = text.strip_prefix("1/").and_then(|n| n.parse::<u64>().ok());
        match n.filter(|n| n.is_power_of_two() && *n <= 1 << 32) {
            Some(n) => Ok(Budget {
                halvings: n.trailing_zeros(),
            }),
            None => Err(format!(
                "expected 1/N with N a power of two from 1 to 2^32, as 1/256, found {text:?}: a mask gives no other share"
            )),
        }
    }
}

impl FromStr for Equal {
    type Err = String;

    fn from_str(text: &str) -> Result<Equal, String> {
        match text {
            "allocs" => Ok(Equal::Allocs),
            "bytes" => Ok(Equal::Bytes),
            _ => Err(format!("expected allocs or bytes, found {text:?}")),
        }
    }
}

impl Budget {
    /// The share itself.
    pub fn share(self) -> f64 {
        0.5f64.powi(self.halvings as i32)
    }

    fn mask(self) -> u64 {
        (1 << self.halvings) - 1
    }
}

impl Equal {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Equal::Allocs => "allocs",
            Equal::Bytes => "bytes",
        }
    }

    /// What one allocation counts for.
    fn of(self, size: u64) -> f64 {
        match self {
            Equal::Allocs => 1.0,
            Equal::Bytes => size as f64,
        }
    }
}

impl Solved {
    /// Options of sampler-run. With `salted`, schemes that hash get a salt of each run's own.
    pub fn parameters(&self, salted: bool) -> String {
        let salt = (salted && self.hashes).then_some(" --salt seed");
        let mask = self.hash_mask.map(|mask| format!(" --mask {mask:#x}"));
        let mean = self.mean_bytes.map(|mean| format!(" --mean {mean}"));
        format!(
            "--scheme {}{}{}{}",
            self.name,
            mask.unwrap_or_default(),
            salt.unwrap_or_default(),
            mean.unwrap_or_default()
        )
    }
}

/// Every scheme at one budget.
pub fn all(sizes: &Sizes, budget: Budget, equal: Equal) -> Vec<Solved> {
    SCHEMES
        .into_iter()
        .map(|(name, decision)| solve(name, decision, sizes, budget, equal))
        .collect()
}

fn solve(
    name: &'static str,
    decision: Decision,
    sizes: &Sizes,
    budget: Budget,
    equal: Equal,
) -> Solved {
    let drawn = |size: u64| match decision {
        Decision::Mask => false,
        Decision::Bytes => true,
        Decision::Hybrid => size < HYBRID_THRESHOLD_BYTES,
    };
    let mean_bytes = (decision != Decision::Mask)
        .then(|| solve_mean(sizes, budget, equal, drawn))
        .flatten();
    // Without any size that is drawn the mean does not matter, and sampler-run's own default stands.
    let p = |size: u64| match mean_bytes {
        Some(mean) if drawn(size) => probability(size, mean),
        _ => budget.share(),
    };
    let share = sizes.sum(|size| p(size) * equal.of(size)) / sizes.sum(|size| equal.of(size));
    let nothing_drawn = decision == Decision::Hybrid && mean_bytes.is_none();
    Solved {
        name,
        hash_mask: (decision != Decision::Bytes).then(|| budget.mask()),
        hashes: decision != Decision::Bytes && name != BERNOULLI,
        mean_bytes,
        expected_samples: sizes.sum(p),
        expected_bytes: sizes.sum(|size| p(size) * size as f64),
        sum_p_squared: sizes.sum(|size| p(size) * p(size)),
        is_off_target: (share / budget.share() - 1.0).abs() > OFF_TARGET,
        note: nothing_drawn.then_some("no block below 256 B: the hybrid is its hash"),
        dead_zones: SCALES.map(|scale| dead_zones(sizes, scale, decision, budget, mean_bytes)),
    }
}

/// `1 - exp(-size/mean)`
fn probability(size: u64, mean_bytes: u64) -> f64 {
    -(-(size as f64) / mean_bytes as f64).exp_m1()
}

/// The whole number of bytes nearest to the mean with which the drawn sizes meet the budget; `None` if no size is drawn.
fn solve_mean(
    sizes: &Sizes,
    budget: Budget,
    equal: Equal,
    drawn: impl Fn(u64) -> bool,
) -> Option<u64> {
    const STEPS: u32 = 200;
    let weight = |size| if drawn(size) { equal.of(size) } else { 0.0 };
    let all = sizes.sum(weight);
    if all == 0.0 {
        return None;
    }
    let share =
        |mean: f64| sizes.sum(|size| weight(size) * -(-(size as f64) / mean).exp_m1()) / all;
    // Everything sampled is mean 0.
    if budget.halvings == 0 {
        return Some(0);
    }
    let (mut low, mut high) = (1.0, MEAN_BYTES_MAX);
    for _ in 0..STEPS {
        let middle = (low * high).sqrt();
        if share(middle) > budget.share() {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(low.round() as u64)
}

/// Expected share of windows in which nothing is sampled, if decisions are independent: the mean over windows of the product of 1 - p.
fn dead_zones(
    sizes: &Sizes,
    scale: usize,
    decision: Decision,
    budget: Budget,
    mean_bytes: Option<u64>,
) -> Option<f64> {
    let windows = sizes.windows.as_ref()?;
    let base = sizes.window_base as f64;
    let unsampled = |p: f64, allocs: f64| (allocs * (-p).ln_1p()).exp();
    let by_bytes = |bytes: u64| match mean_bytes {
        Some(0) => 0.0,
        Some(mean) => (-(bytes as f64) / mean as f64).exp(),
        None => 1.0,
    };
    let products: Vec<f64> = windows
        .chunks_exact(scale)
        .map(|windows| {
            let sum = |column: usize| windows.iter().map(|window| window[column]).sum::<u64>();
            match decision {
                Decision::Mask => unsampled(budget.share(), base * scale as f64),
                Decision::Bytes => by_bytes(sum(0)),
                Decision::Hybrid => by_bytes(sum(1)) * unsampled(budget.share(), sum(2) as f64),
            }
        })
        .collect();
    (!products.is_empty()).then(|| products.iter().sum::<f64>() / products.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(sizes: &[(u64, u64)], windows: Option<Vec<[u64; 3]>>) -> Sizes {
        Sizes {
            workload: "test".into(),
            sizes: sizes.to_vec(),
            windows,
            window_base: 1000,
            live_allocs: 0.0,
            live_bytes: 0.0,
            live_by_bin: Vec::new(),
        }
    }

    fn of<'a>(solved: &'a [Solved], name: &str) -> &'a Solved {
        solved.iter().find(|scheme| scheme.name == name).unwrap()
    }

    #[test]
    fn budgets_are_powers_of_two() {
        assert_eq!("1/256".parse(), Ok(Budget { halvings: 8 }));
        assert_eq!("1/1".parse(), Ok(Budget { halvings: 0 }));
        for bad in ["1/100", "1/0", "256", "0.5", "1/", "2/256", "1/8589934592"] {
            assert!(bad.parse::<Budget>().is_err(), "{bad}");
        }
    }

    #[test]
    fn one_size_has_the_mean_that_the_formula_gives() {
        // 1 - exp(-64/mean) = 1/256: mean = -64 / ln(1 - 1/256) = 16352.
        let solved = all(
            &sizes(&[(64, 100_000)], None),
            "1/256".parse().unwrap(),
            Equal::Allocs,
        );
        assert_eq!(of(&solved, "HEADER_POISSON_BYTES").mean_bytes, Some(16352));
        assert_eq!(of(&solved, "HEADER_HYBRID").mean_bytes, Some(16352));
        assert_eq!(of(&solved, "HEADER_HASH").hash_mask, Some(0xFF));
        assert_eq!(
            of(&solved, "HEADER_HYBRID").parameters(false),
            "--scheme HEADER_HYBRID --mask 0xff --mean 16352"
        );
        for (scheme, expected) in [
            (
                "HEADER_HYBRID",
                "--scheme HEADER_HYBRID --mask 0xff --salt seed --mean 16352",
            ),
            ("HEADER_BERNOULLI", "--scheme HEADER_BERNOULLI --mask 0xff"),
            (
                "HEADER_POISSON_BYTES",
                "--scheme HEADER_POISSON_BYTES --mean 16352",
            ),
        ] {
            assert_eq!(of(&solved, scheme).parameters(true), expected);
        }
        for scheme in &solved {
            assert!((scheme.expected_samples / (100_000.0 / 256.0) - 1.0).abs() < 1e-3);
            assert!(!scheme.is_off_target);
        }
    }

    #[test]
    fn mixed_sizes_meet_the_budget_in_allocations_or_in_bytes() {
        let sizes = sizes(&[(16, 9000), (300, 900), (1 << 20, 100)], None);
        for (equal, total) in [
            (Equal::Allocs, 10_000.0),
            (Equal::Bytes, sizes.bytes() as f64),
        ] {
            for scheme in all(&sizes, "1/64".parse().unwrap(), equal) {
                let expected = match equal {
                    Equal::Allocs => scheme.expected_samples,
                    Equal::Bytes => scheme.expected_bytes,
                };
                let share = expected / total;
                assert!(
                    (share * 64.0 - 1.0).abs() < 0.005,
                    "{} {share}",
                    scheme.name
                );
            }
        }
    }

    #[test]
    fn a_budget_that_whole_bytes_miss_is_marked() {
        // Blocks of 1 byte and a budget of 1/2: mean 1.44, and neither 1 (p = 0.632) nor 2 (0.393) is near.
        let solved = all(
            &sizes(&[(1, 1000)], None),
            "1/2".parse().unwrap(),
            Equal::Allocs,
        );
        assert!(of(&solved, "HEADER_POISSON_BYTES").is_off_target);
        assert!(!of(&solved, "HEADER_BERNOULLI").is_off_target);
    }

    #[test]
    fn a_hybrid_without_small_blocks_says_so() {
        let solved = all(
            &sizes(&[(256, 1000)], None),
            "1/16".parse().unwrap(),
            Equal::Allocs,
        );
        let hybrid = of(&solved, "HEADER_HYBRID");
        assert_eq!((hybrid.mean_bytes, hybrid.is_off_target), (None, false));
        assert!(hybrid.note.is_some());
    }

    #[test]
    fn dead_zones_are_the_mean_over_windows_of_what_is_left_unsampled() {
        // Small then large blocks: a window of 16 kB, and one of 4 MB.
        let windows = vec![[16_000, 16_000, 0], [4_000_000, 0, 1000]];
        let solved = all(
            &sizes(&[(16, 1000), (4000, 1000)], Some(windows)),
            "1/256".parse().unwrap(),
            Equal::Allocs,
        );
        let mean = of(&solved, "HEADER_POISSON_BYTES").mean_bytes.unwrap() as f64;
        let expected = ((-16e3 / mean).exp() + (-4e6 / mean).exp()) / 2.0;
        let found = of(&solved, "HEADER_POISSON_BYTES").dead_zones;
        assert!((found[0].unwrap() - expected).abs() < 1e-12);
        assert_eq!(found[1], None);
        // (255/256)^1000
        let hash = of(&solved, "HEADER_HASH").dead_zones[0].unwrap();
        assert!((hash - 0.019_966).abs() < 1e-5, "{hash}");
    }
}
