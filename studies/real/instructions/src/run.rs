//! One counted run.

use run_file::Scheme;

/// All schemes, in the order of tables.
pub const SCHEMES: [&str; Scheme::BASELINES_FIRST.len()] = Scheme::BASELINES_FIRST;
/// No library.
pub const PLAIN: &str = "PLAIN";
/// The library forwards and counts nothing.
pub const NONE: &str = "NONE";

/// What a program took under a scheme.
pub struct Run {
    pub workload: String,
    /// Place in [`SCHEMES`].
    pub rank: usize,
    pub number: u64,
    /// Where it was read, for errors.
    pub file: String,
    pub mean_bytes: Option<u64>,
    /// The same in all runs of a workload, with what counted: another processor has other instructions for the same work.
    pub machine: String,
    /// `request`, `compilation` or `script`.
    pub unit: String,
    pub verified: u64,
    pub parts: Vec<Part>,
}

/// One kind of work.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub name: String,
    /// Above 0: of a server those that the long run had more than the short one.
    pub units: u64,
    /// Above 0, the same.
    pub instructions: u64,
}

impl Part {
    /// Instructions of one unit.
    pub fn per_unit(&self) -> f64 {
        self.instructions as f64 / self.units as f64
    }
}

impl Run {
    /// The sum of its parts.
    pub fn whole(&self) -> Part {
        Part {
            name: String::new(),
            units: self.parts.iter().map(|part| part.units).sum(),
            instructions: self.parts.iter().map(|part| part.instructions).sum(),
        }
    }
}
