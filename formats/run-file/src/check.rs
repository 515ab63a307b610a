//! What has to hold inside one run: records speak of their run's scheme and parameters, what was not counted is `null`, and
//! numbers that are told twice agree.

mod sums;

use sampler_core::decision::HYBRID_THRESHOLD_BYTES;
use sampler_core::windows::{SCALE_FACTORS, SCALES};
use sampler_core::{DecisionName, TrackingName};
use serde::Serialize;

use crate::error::wrong;
use crate::record::Record;
use crate::run::{Parameters, Run};
use crate::scheme::Scheme;
use crate::value::Nullable;
use crate::{FORMAT, FORMAT_VERSION, RECORD_FORMAT};

pub(crate) type Checked = Result<(), String>;

/// Checks a whole run.
pub fn run(run: &Run) -> Checked {
    expect("format", &run.format, &FORMAT)?;
    expect("format_version", &run.format_version, &FORMAT_VERSION)?;
    // The largest window is 100 times the base and has to fit its field.
    let largest_base = u64::MAX / SCALE_FACTORS[SCALES - 1];
    let base = run.parameters.window_base;
    if !(1..=largest_base).contains(&base) {
        let expected = format_args!("1 to {largest_base} allocations");
        return Err(wrong("parameters.window_base", &base, expected));
    }
    match (run.scheme, run.processes.len()) {
        (Scheme::Plain, 0) => {}
        (Scheme::Plain, records) => {
            return Err(format!(
                "processes: found {records} records, expected none under PLAIN"
            ));
        }
        (scheme, 0) => {
            return Err(format!(
                "processes: found no record, expected at least one under {}",
                scheme.name()
            ));
        }
        _ => {}
    }
    for (index, record) in run.processes.iter().enumerate() {
        check_record(run, record).map_err(|error| format!("processes[{index}].{error}"))?;
    }
    Ok(())
}

fn check_record(run: &Run, record: &Record) -> Checked {
    expect("format", &record.format, &RECORD_FORMAT)?;
    expect("format_version", &record.format_version, &FORMAT_VERSION)?;
    check_configuration(run, record)?;
    let null = Nulls::of(run.scheme, &run.parameters);
    check_nulls(record, &null)?;
    check_clocks(record)?;
    sums::check(record, &null, run.parameters.window_base)
}

/// The record must be of the same build, scheme and parameters as its run.
fn check_configuration(run: &Run, record: &Record) -> Checked {
    let (scheme, parameters) = (run.scheme, &run.parameters);
    if record.library_version != run.runner_version {
        let expected = format_args!("{:?}, the build of the runner", run.runner_version);
        return Err(wrong("library_version", &record.library_version, expected));
    }
    expect("scheme", &record.scheme, &scheme.name())?;
    expect("tracking", &record.tracking, &scheme.tracking().name())?;
    expect("decision", &record.decision, &scheme.decision().name())?;
    expect("truth", &record.truth, &parameters.truth)?;
    expect("hash_mask", &record.hash_mask, &parameters.hash_mask)?;
    if record.hash_salt != parameters.hash_salt {
        return Err(wrong("hash_salt", &record.hash_salt, "the run's"));
    }
    expect(
        "poisson_mean_bytes",
        &record.poisson_mean_bytes,
        &parameters.poisson_mean_bytes,
    )?;
    let is_hybrid = scheme.decision() == DecisionName::Hybrid;
    let threshold = Nullable(is_hybrid.then_some(HYBRID_THRESHOLD_BYTES));
    expect("hybrid_threshold", &record.hybrid_threshold, &threshold)?;
    let largest_window = parameters.window_base * SCALE_FACTORS[SCALES - 1];
    expect("window_size", &record.window_size, &largest_window)
}

/// Which fields must be `null`: they were not measured, and a number there would not be one.
pub(crate) struct Nulls {
    /// Nothing was counted at all.
    pub calls: bool,
    /// Unsampled calls were not counted.
    pub truth: bool,
    /// Freed sizes are not known.
    freed_sizes: bool,
    /// Which frees were of sampled blocks is not known.
    sampled_frees: bool,
    /// Samples stand for something; else that must be `null`.
    samples: bool,
    /// There is a table of addresses; else it must be `null`.
    has_table: bool,
}

impl Nulls {
    fn of(scheme: Scheme, parameters: &Parameters) -> Nulls {
        let calls = scheme == Scheme::NONE;
        let truth = calls || !parameters.truth;
        Nulls {
            calls,
            truth,
            freed_sizes: truth || scheme.tracking() != TrackingName::AllHeaders,
            sampled_frees: calls || !scheme.knows_sampled_frees(),
            samples: scheme.samples(),
            has_table: matches!(
                scheme.tracking(),
                TrackingName::SampleHeaders | TrackingName::SampleMap
            ),
        }
    }
}

/// Fields with their names.
macro_rules! named {
    ($of:expr, $($field:ident),+) => {
        &[$((stringify!($field), $of.$field)),+][..]
    };
}
pub(crate) use named;

#[rustfmt::skip]
fn check_nulls(record: &Record, null: &Nulls) -> Checked {
    for (fields, null_expected) in [
        (named!(record, threads, foreign_frees, foreign_reallocs, sampled_allocs, sampled_bytes_alloc), null.calls),
        (named!(record, total_allocs, total_bytes_alloc, total_frees, reallocs, failed_calls), null.truth),
        (named!(record, zero_size_allocs), null.truth),
        (named!(record, windows_total, windows_zero_sampled, window_remainder_allocs), null.truth),
        (named!(record, total_bytes_freed), null.freed_sizes),
        (named!(record, sampled_frees, sampled_bytes_freed), null.sampled_frees),
    ] {
        for &(field, count) in fields {
            check_null(field, &count, null_expected, "an unsigned integer")?;
        }
    }
    let live = &record.sampled_live_allocs_estimate;
    check_null("sampled_live_allocs_estimate", live, null.sampled_frees, "an integer")?;
    check_null("windows", &record.windows, null.truth, "an array")?;
    check_null("gaps_allocs", &record.gaps_allocs, null.truth, "an object")?;
    check_null("gaps_bytes", &record.gaps_bytes, null.truth, "an object")?;
    check_null("gap_samples", &record.gap_samples, null.truth, "an array")?;
    check_null("estimates", &record.estimates, !null.samples, "an object")?;
    check_null("table", &record.table, !null.has_table, "an object")
}

pub(crate) fn check_null<T: Serialize>(
    field: &str,
    value: &Nullable<T>,
    null_expected: bool,
    kind: &str,
) -> Checked {
    match (&value.0, null_expected) {
        (Some(_), true) => Err(wrong(field, value, "null, since this was not counted")),
        (None, false) => Err(wrong(field, value, kind)),
        _ => Ok(()),
    }
}

fn check_clocks(record: &Record) -> Checked {
    for (index, sample) in record.gap_samples.0.iter().flatten().enumerate() {
        if !matches!(&sample.clock[..], "bytes" | "allocs") {
            let place = format_args!("gap_samples[{index}].clock");
            return Err(wrong(place, &sample.clock, "\"bytes\" or \"allocs\""));
        }
    }
    Ok(())
}

pub(crate) fn expect<A: Serialize + PartialEq<B>, B: Serialize>(
    place: &str,
    found: &A,
    expected: &B,
) -> Checked {
    if found == expected {
        return Ok(());
    }
    let expected = serde_json::to_string(expected).unwrap_or_default();
    Err(wrong(place, found, expected))
}
