//! The file of one run, `data/raw/<set>/<workload>/<scheme>/run-<nn>.json` (FORMAT.md, "Run file" and "Record").
//!
//! Every stage finds and reads run files through this crate, so that all refuse the same input with the same words. A file is
//! read into types ([`Run`], [`Record`]) whose fields are all required: a missing field is an error that names file, path and
//! field, and `null` is accepted only where FORMAT.md allows it ([`Nullable`]). What was read is then checked: a record speaks of
//! its run's scheme and parameters, what was not counted is `null`, sums agree, and the path says the same as the content.
//!
//! What stages demand beyond the format (one process, one thread, a ground truth of their workloads) is theirs.
//!
//! Reading order: [`Run`], [`Record`]; how they are found ([`find`], [`read`]); what is refused (`check`); how errors are worded
//! (`error`).
#![forbid(unsafe_code)]
// The whole of a record is one `json!`.
#![cfg_attr(feature = "example", recursion_limit = "256")]

mod record;
mod run;
mod scheme;
mod value;

mod check;
mod error;
mod find;
mod read;

#[cfg(feature = "example")]
pub mod example;

pub use error::{typed, wrong};
pub use find::find;
pub use read::{Below, Machines, read, read_all};
pub use record::{
    BinEstimates, Estimated, Estimates, GapSample, Gaps, Losses, Record, SizeBin, Table, Window,
};
pub use run::{Machine, Origin, Parameters, Run, RunLosses, Sizes};
pub use scheme::Scheme;
pub use value::{Hex, Nullable};

/// The word that a run file's `format` is.
pub const FORMAT: &str = "sampler-run";
/// The version of that format.
pub const FORMAT_VERSION: u64 = 1;
/// The word that a record's `format` is.
pub const RECORD_FORMAT: &str = "sampler-record";
