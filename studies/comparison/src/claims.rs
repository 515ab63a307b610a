//! The seed's cells: what it says, what was measured, and a verdict that the numbers decide.
//!
//! A number of the seed is right if all that was measured is within 10 % of it, from one end to the other, wrong if nothing of it is, and undecided otherwise. A grade
//! (high, medium, ...) is right or wrong in the same way by its limits, which are constants here and printed in the report.

mod cost;
mod frees;
mod memory;
mod ranking;
mod uses;

use crate::frees::{BYTES_OVER_TRUE, FREES_OVER_TRUE};
use crate::layout::{growths, spread};
use crate::measures::Measures;
use crate::memory::OVER_NONE;
use crate::spread::Spread;

pub use ranking::{IS_BLIND, bias_of, consistency_of, is_blind, no_sample, single_runs};

/// How a claim fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it says.
    Right,
    /// Otherwise.
    Wrong,
    /// True of something else than it says, or under a condition that it leaves out.
    NotAsStated,
    /// What was measured does not tell.
    Undecided,
    /// The runs or the table of costs are missing.
    NotMeasured,
}

impl Verdict {
    /// As in the files.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Right => "right",
            Verdict::Wrong => "wrong",
            Verdict::NotAsStated => "not as stated",
            Verdict::Undecided => "undecided",
            Verdict::NotMeasured => "not measured",
        }
    }

    /// Right or wrong.
    fn of(is_right: bool) -> Verdict {
        if is_right {
            Verdict::Right
        } else {
            Verdict::Wrong
        }
    }
}

/// One cell of the seed.
pub struct Claim {
    /// A heading of the report.
    pub topic: Topic,
    /// A tracking or a scheme.
    pub subject: &'static str,
    /// What the seed says, in its words or nearly.
    pub claim: &'static str,
    /// What it is held against.
    pub metric: &'static str,
    pub unit: &'static str,
    pub workload: String,
    pub measured: Option<Spread>,
    pub verdict: Verdict,
    /// Why, with the numbers.
    pub why: String,
}

impl Claim {
    /// `header_bytes: 16000016 bytes, n = 3, live-1m-64`, `peak_rss_over_none less 1: +5.9 %, n = 3, live-1m-256`
    pub fn number(&self) -> Option<String> {
        let measured = self.measured?;
        let at = match self.workload.as_str() {
            "" => String::new(),
            workload => format!(", {workload}"),
        };
        // In the unit of the sentence before it.
        let is_growth = [OVER_NONE, FREES_OVER_TRUE, BYTES_OVER_TRUE].contains(&self.metric);
        let shown = match is_growth {
            true => format!("{} less 1: {}", self.metric, growths(Some(measured))),
            false => format!("{}: {} {}", self.metric, spread(Some(measured)), self.unit),
        };
        Some(format!("{shown}, n = {}{at}", measured.n))
    }
}

/// The seed's tables and lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Memory,
    Frees,
    Cost,
    Complexity,
    Ranking,
    Uses,
}

impl Topic {
    /// In the order of the report, with their headings.
    pub const ALL: [(Topic, &'static str); 6] = [
        (Topic::Memory, "Memory overhead (1M allocations)"),
        (Topic::Frees, "Accuracy of frees"),
        (Topic::Cost, "Cost"),
        (Topic::Complexity, "Implementation complexity"),
        (
            Topic::Ranking,
            "Ranking of the schemes with headers: consistency, speed, bias risk",
        ),
        (Topic::Uses, "Use all-headers for, avoid all-headers for"),
    ];
}

/// Every claim, with its verdict.
pub fn all(measures: &Measures) -> Vec<Claim> {
    let topics = [
        memory::claims(measures),
        frees::claims(measures),
        cost::claims(measures),
        cost::complexity_claims(measures),
        ranking::claims(measures),
        uses::claims(measures),
    ];
    topics.into_iter().flatten().collect()
}

/// Right if a number is within 10 % of the seed's, with both of its ends.
fn near(measured: Spread, claimed: f64) -> Verdict {
    const TOLERANCE: f64 = 0.1;
    let is_near = measured.is_between(claimed * (1.0 - TOLERANCE), claimed * (1.0 + TOLERANCE));
    is_near.map_or(Verdict::Undecided, Verdict::of)
}

/// What is near the seed's number, but of something else than it says.
fn near_but(measured: Spread, claimed: f64) -> Verdict {
    match near(measured, claimed) {
        Verdict::Right => Verdict::NotAsStated,
        verdict => verdict,
    }
}

/// A claim about a number that was measured, or that one that is missing.
struct About {
    topic: Topic,
    subject: &'static str,
    claim: &'static str,
    metric: &'static str,
    unit: &'static str,
    workload: String,
}

impl About {
    /// The claim, judged by the number if it is there; `missing` says what would give it.
    fn judged(
        self,
        measured: Option<Spread>,
        missing: &str,
        judge: impl FnOnce(Spread) -> (Verdict, String),
    ) -> Claim {
        let (verdict, why) =
            measured.map_or_else(|| (Verdict::NotMeasured, missing.to_string()), judge);
        Claim {
            topic: self.topic,
            subject: self.subject,
            claim: self.claim,
            metric: self.metric,
            unit: self.unit,
            workload: self.workload,
            measured,
            verdict,
            why,
        }
    }
}

const MISSING_RUNS: &str = "no run of it";
const MISSING_COST: &str = "make bench gives it";
